package link

import (
	"fmt"
	"path/filepath"
	"strings"
	"unicode"
)

// QuoteError says that OpenSSH's configuration cannot hold a text.
type QuoteError struct {
	Text   string
	Reason string
}

func (e *QuoteError) Error() string {
	return fmt.Sprintf("%q cannot be written into a configuration of OpenSSH: %s", e.Text, e.Reason)
}

// Hint is the next step for the user.
func (e *QuoteError) Hint() string {
	return "rename the folder, or use `fbdock ssh` and `fbdock exec`, which need no configuration"
}

// ProxyCommand writes a program and its arguments for the keyword of that
// name, for an ssh on the system goos.
//
// ssh takes the rest of the line as it is, replaces its own words after a
// percent sign and, but on Windows, hands `exec COMMAND` to the user's login
// shell, whichever that is. So what is not plain travels as the script of a
// sh, in octal, as commands for guests do. On Windows, Microsoft's ssh starts
// the program itself and that of Git asks a sh, and they agree on words in
// double quotes.
func ProxyCommand(goos string, args []string) (string, error) {
	if goos == "windows" {
		return windowsCommand(args)
	}
	for _, arg := range args {
		if arg == "" || strings.Trim(arg, strings.ReplaceAll(bare, "%", "")) != "" {
			words, err := Quote(args)
			if err != nil {
				return "", err
			}
			return percent(strings.TrimPrefix(wrap("exec "+words), "exec ")), nil
		}
	}
	return strings.Join(args, " "), nil
}

func windowsCommand(args []string) (string, error) {
	words := make([]string, len(args))
	for i, arg := range args {
		if strings.ContainsFunc(arg, unicode.IsControl) || strings.ContainsAny(arg, "\"$`") {
			return "", &QuoteError{arg, "it holds a character that programs of Windows read differently"}
		}
		// A backslash before a quote, or before another one, would escape it.
		arg = strings.ReplaceAll(arg, `\`, "/")
		words[i] = percent(arg)
		if arg == "" || strings.Trim(arg, bare) != "" {
			words[i] = `"` + words[i] + `"`
		}
	}
	return strings.Join(words, " "), nil
}

// percent keeps ssh from replacing what follows a percent sign.
func percent(text string) string { return strings.ReplaceAll(text, "%", "%%") }

// ConfigWord quotes an argument of ssh_config(5) and sshd_config(5), such as
// the name of a file. tokens is for keywords that take words after a percent
// sign, and variables of the environment.
func ConfigWord(text string, tokens bool) (string, error) {
	switch {
	case strings.ContainsFunc(text, unicode.IsControl):
		return "", &QuoteError{text, "it holds a control character"}
	case strings.Contains(text, `"`):
		return "", &QuoteError{text, "versions of OpenSSH read a double quote differently"}
	case tokens && strings.Contains(text, "${"):
		return "", &QuoteError{text, "OpenSSH puts a variable in for ${"}
	}
	if filepath.Separator == '\\' {
		text = filepath.ToSlash(text)
	}
	if tokens {
		text = percent(text)
	}
	// OpenSSH 8.7 and newer read \\, \' and \" as one character, and every
	// other backslash as itself; older ones have no escapes.
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(text) {
		b.WriteByte(text[i])
		if text[i] == '\\' && (i+1 == len(text) || strings.IndexByte(`\'`, text[i+1]) >= 0) {
			b.WriteByte('\\')
		}
	}
	b.WriteByte('"')
	return b.String(), nil
}
