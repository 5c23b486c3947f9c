// Package hostshell quotes words for the shell that the user types into: a
// POSIX one, PowerShell or cmd. It runs none.
package hostshell

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/fbdock/fbdock/internal/shellword"
)

// Shell is the kind of shell that the user types into.
type Shell string

// The shells that commands are printed for.
const (
	POSIX      Shell = "posix"
	PowerShell Shell = "powershell"
	Cmd        Shell = "cmd"
)

// ShellOf guesses the user's shell from the environment. Only cmd sets
// PROMPT, only Git Bash and its like MSYSTEM; a PowerShell that was started
// by cmd is taken for cmd.
func ShellOf(goos string, getenv func(string) string) Shell {
	switch {
	case goos != "windows" || getenv("MSYSTEM") != "":
		return POSIX
	case getenv("PROMPT") != "":
		return Cmd
	}
	return PowerShell
}

// QuoteError says that no text can be pasted that means the argument.
type QuoteError struct {
	Arg    string
	Reason string
}

func (e *QuoteError) Error() string { return fmt.Sprintf("quote %q: %s", e.Arg, e.Reason) }

// Quote writes a command as a user of shell can paste it: the program gets
// exactly args[1:]. What a shell cannot carry for certain is refused, never
// printed wrong.
func Quote(shell Shell, args ...string) (string, error) {
	quote := map[Shell]func(string) (string, error){POSIX: quotePOSIX, PowerShell: quotePowerShell, Cmd: quoteCmd}[shell]
	if quote == nil {
		return "", fmt.Errorf("quote for %q: not a shell that is known", shell)
	}
	words := make([]string, len(args))
	for i, arg := range args {
		if strings.ContainsFunc(arg, unicode.IsControl) || !utf8.ValidString(arg) {
			return "", &QuoteError{arg, "it holds what is no text"}
		}
		word, err := quote(arg)
		if err != nil {
			return "", err
		}
		// A quoted word is a string to PowerShell; & makes it a command.
		if i == 0 && shell == PowerShell && word != arg {
			word = "& " + word
		}
		words[i] = word
	}
	return strings.Join(words, " "), nil
}

// bare tells whether s is made of letters, digits and the characters of also.
func bare(s, also string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r|0x20 < 'a' || r|0x20 > 'z') && (r < '0' || r > '9') && !strings.ContainsRune(also, r)
	})
}

func quotePOSIX(arg string) (string, error) {
	if bare(arg, "-_./:,+@%") {
		return arg, nil
	}
	return shellword.Quote(arg), nil
}

// quotePowerShell keeps to what Windows PowerShell 5.1 and PowerShell 7
// hand to a program alike. They differ in empty arguments, in double quotes
// and in a backslash before the quote that 5.1 adds itself.
func quotePowerShell(arg string) (string, error) {
	switch {
	case arg == "":
		return "", &QuoteError{arg, "Windows PowerShell drops an empty argument"}
	case strings.Contains(arg, `"`):
		return "", &QuoteError{arg, "versions of PowerShell differ over double quotes"}
	case strings.HasSuffix(arg, `\`) && strings.ContainsAny(arg, " \u00a0"):
		return "", &QuoteError{arg, "versions of PowerShell differ over a backslash at the end"}
	}
	// PowerShell splits -a.b and -a:b in two.
	if bare(arg, `-_./:\+`) && (!strings.HasPrefix(arg, "-") || !strings.ContainsAny(arg, ".:")) {
		return arg, nil
	}
	return PowerShellString(arg), nil
}

// PowerShellString is text as a literal of PowerShell in single quotes.
func PowerShellString(text string) string {
	var b strings.Builder
	b.WriteByte('\'')
	for _, r := range text {
		// To PowerShell the typographic ones are quotes as well.
		if strings.ContainsRune("'\u2018\u2019\u201a\u201b", r) {
			b.WriteRune(r)
		}
		b.WriteRune(r)
	}
	b.WriteByte('\'')
	return b.String()
}

// quoteCmd serves two readers: the program's own, which cuts its command
// line at quotes, and cmd before it, which expands and redirects.
func quoteCmd(arg string) (string, error) {
	if bare(arg, `-_./:\+@~`) {
		return arg, nil
	}
	quoted := argvQuote(arg)
	// Within double quotes cmd leaves all alone but percent signs.
	if !strings.ContainsAny(arg, `"%`) {
		return quoted, nil
	}
	// With each special character behind a caret, quotes too, cmd sees no
	// quotes at all, and no %NAME% without a caret in the name.
	var b strings.Builder
	for _, r := range quoted {
		if strings.ContainsRune(`()%!^"<>&|`, r) {
			b.WriteByte('^')
		}
		b.WriteRune(r)
	}
	return b.String(), nil
}

// argvQuote writes arg so that CommandLineToArgvW reads it back.
func argvQuote(arg string) string {
	var b strings.Builder
	b.WriteByte('"')
	slashes := 0
	for _, r := range arg {
		switch r {
		case '\\':
			slashes++
			continue
		case '"':
			b.WriteString(strings.Repeat(`\`, 2*slashes+1))
		default:
			b.WriteString(strings.Repeat(`\`, slashes))
		}
		slashes = 0
		b.WriteRune(r)
	}
	b.WriteString(strings.Repeat(`\`, 2*slashes) + `"`)
	return b.String()
}
