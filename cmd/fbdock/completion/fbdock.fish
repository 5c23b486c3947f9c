# fish completion of fbdock: put it into ~/.config/fish/completions.
function __fbdock_complete
    # Not by eval: the words of the command line have lost their quotes.
    set -l words (commandline -opc)
    command $words[1] __complete $words[2..-1] "="(commandline -ct) 2>/dev/null
end
complete -c fbdock -a '(__fbdock_complete)'
