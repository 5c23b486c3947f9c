# bash completion of fbdock: source this, or put it where bash-completion looks.
_fbdock() {
  local word words
  words=("${COMP_WORDS[@]:0:$COMP_CWORD}")
  COMPREPLY=()
  # Not by compgen -W, which expands what it is given, commands included.
  while IFS= read -r word; do
    if [[ $word == "${COMP_WORDS[$COMP_CWORD]}"* ]]; then
      COMPREPLY+=("$word")
    fi
  done < <("${words[@]}" --generate-bash-completion 2>/dev/null)
}
complete -o default -F _fbdock fbdock
