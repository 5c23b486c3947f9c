# fish completion of fbdock: put it into ~/.config/fish/completions.
complete -c fbdock -a '(eval (commandline -opc) --generate-bash-completion 2>/dev/null)'
