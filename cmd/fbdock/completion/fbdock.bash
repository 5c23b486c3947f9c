# bash completion of fbdock: source this, or put it where bash-completion looks.
_fbdock() {
  # Not by compgen -W, which expands what it is given, commands included.
  mapfile -t COMPREPLY < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD-1}" "=${COMP_WORDS[COMP_CWORD]}" 2>/dev/null)
}
complete -o default -F _fbdock fbdock
