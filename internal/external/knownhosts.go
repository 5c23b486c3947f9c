package external

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the digest of names in known_hosts
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/hostfile"
)

// knownKey is a line of a known_hosts file that is for a certain host: sshd(8),
// SSH_KNOWN_HOSTS FILE FORMAT.
type knownKey struct {
	file    string
	line    int
	key     ssh.PublicKey
	revoked bool
}

// knownKeys are the lines of a file for the host that ssh looks up by name, such
// as metal or [metal]:2222, but those of certificate authorities. Lines are read as
// OpenSSH reads them, which golang.org/x/crypto/ssh/knownhosts does not: it knows
// no upper case, and no * that stands for nothing, so that !METAL* would be no
// exception for metal.
func knownKeys(file, name string) ([]knownKey, error) {
	text, err := hostfile.ReadNow(file, hostfile.MaxKnownHosts)
	if err != nil {
		return nil, fmt.Errorf("read your known_hosts: %w", err)
	}
	var found []knownKey
	number := 0
	for line := range bytes.Lines(text) {
		number++
		k, err := parseKnownKey(string(line), name)
		if err != nil {
			// What is not understood must not become "nothing is known".
			return nil, &failure.Error{Err: fmt.Errorf("read your known_hosts: %s:%d: %w", file, number, err), Next: "repair that line, or remove it"}
		}
		if k != nil {
			k.file, k.line = file, number
			found = append(found, *k)
		}
	}
	return found, nil
}

// parseKnownKey reads a line; it is nil, without an error, when the line is not
// for the name. Lines for others may have keys of types that nobody knows here.
func parseKnownKey(line, name string) (*knownKey, error) {
	line = strings.TrimRight(line, "\r\n")
	first, rest := nextWord(line)
	if first == "" || strings.HasPrefix(first, "#") {
		return nil, nil //nolint:nilnil // a comment
	}
	marker, hosts := "", first
	if strings.HasPrefix(first, "@") {
		marker = first
		hosts, rest = nextWord(rest)
	}
	kind, rest := nextWord(rest)
	encoded, _ := nextWord(rest)
	blob, err := base64.StdEncoding.DecodeString(encoded)
	switch {
	case strings.ContainsRune(line, 0):
		return nil, errors.New("it holds a NUL byte") // where ssh ends the line
	case marker != "" && marker != "@revoked" && marker != "@cert-authority":
		return nil, fmt.Errorf("%.40q is no marker", marker)
	case strings.HasPrefix(hosts, "@"):
		return nil, errors.New("it has two markers")
	case err != nil:
		return nil, fmt.Errorf("read the key: %w", err)
	case len(blob) == 0:
		return nil, errors.New("it has no key")
	case !bytes.HasPrefix(blob, append(binary.BigEndian.AppendUint32(nil, uint32(len(kind))), kind...)): //nolint:gosec // a word of a bounded file
		return nil, fmt.Errorf("the key is not of type %.40q", kind) // RFC 4253, section 6.6
	case !isFor(hosts, name), marker == "@cert-authority":
		return nil, nil //nolint:nilnil // for others
	}
	key, err := ssh.ParsePublicKey(blob)
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	return &knownKey{key: key, revoked: marker == "@revoked"}, nil
}

func nextWord(line string) (word, rest string) {
	line = strings.TrimLeft(line, " \t")
	if end := strings.IndexAny(line, " \t"); end >= 0 {
		return line[:end], line[end:]
	}
	return line, ""
}

// maxPattern is the longest pattern that ssh takes, in bytes: a longer one has the
// line be for nobody (match_pattern_list).
const maxPattern = 1022

// isFor tells whether the first field of a line is for the name: a digest of one,
// or patterns of which one matches, and none that has a ! before it: ssh_config(5),
// PATTERNS.
func isFor(hosts, name string) bool {
	if strings.HasPrefix(hosts, "|") {
		return isDigest(hosts, name)
	}
	name = lower(name)
	matched := false
	for pattern := range strings.SplitSeq(lower(hosts), ",") {
		pattern, not := strings.CutPrefix(pattern, "!")
		if len(pattern) > maxPattern {
			return false
		}
		if !matches(pattern, name) {
			continue
		}
		if not {
			return false
		}
		matched = true
	}
	return matched
}

// isDigest tells whether a text is |1|SALT|DIGEST of the name.
func isDigest(text, name string) bool {
	fields := strings.Split(text, "|")
	if len(fields) != 4 || fields[0] != "" || fields[1] != "1" {
		return false
	}
	salt, err := base64.StdEncoding.DecodeString(fields[2])
	if err != nil {
		return false
	}
	digest, err := base64.StdEncoding.DecodeString(fields[3])
	if err != nil {
		return false
	}
	mac := hmac.New(sha1.New, salt)
	mac.Write([]byte(name)) // it has no errors
	return hmac.Equal(mac.Sum(nil), digest)
}

// lower changes the letters of ASCII alone, as tolower(3) does for ssh.
func lower(text string) string {
	b := []byte(text)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] += 'a' - 'A'
		}
	}
	return string(b)
}

// matches tells whether a name is of a pattern: * is any text, also none, and ? is
// any byte.
func matches(pattern, name string) bool {
	star, taken := -1, 0 // where the last * is, and up to where of the name it goes
	p, n := 0, 0
	for n < len(name) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, taken = p, n
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == name[n]):
			p++
			n++
		case star >= 0:
			taken++
			p, n = star+1, taken
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
