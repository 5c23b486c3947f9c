#compdef fbdock
# zsh completion of fbdock: source this, or put it as _fbdock into a folder of fpath.
_fbdock() {
  local -a answers
  answers=("${(@f)$("${words[@]:0:#words-1}" --generate-bash-completion 2>/dev/null)}")
  compadd -a answers
  _files
}
compdef _fbdock fbdock
