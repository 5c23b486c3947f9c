#compdef fbdock
# zsh completion of fbdock: source this, or put it as _fbdock into a folder of fpath.
_fbdock() {
  local -a answers
  answers=("${(@f)$("${words[1]}" __complete "${(@)words[2,CURRENT-1]}" "=${words[CURRENT]}" 2>/dev/null)}")
  answers=("${(@)answers:#}")
  ((${#answers})) && compadd -a answers || _files
}
compdef _fbdock fbdock
