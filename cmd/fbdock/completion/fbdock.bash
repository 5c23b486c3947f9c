# bash completion of fbdock: source this, or put it where bash-completion looks.
_fbdock() {
  local words
  words=("${COMP_WORDS[@]:0:$COMP_CWORD}")
  mapfile -t COMPREPLY < <(compgen -W "$("${words[@]}" --generate-bash-completion 2>/dev/null)" -- "${COMP_WORDS[$COMP_CWORD]}")
}
complete -o default -F _fbdock fbdock
