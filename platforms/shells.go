package platforms

import "strings"

// FromGitBash turns the form that Git Bash gives a Windows path, /c/Users,
// into Windows' own. A path that is no such form stays as it is.
func FromGitBash(name string) string {
	return fromDrive(strings.TrimPrefix(name, "/"), name)
}

// FromWSL turns WSL's form of a Windows path, /mnt/c/Users, into Windows'
// own; false for a path within WSL itself, which a Windows program cannot
// open by it.
func FromWSL(name string) (string, bool) {
	rest, ok := strings.CutPrefix(name, "/mnt/")
	if !ok {
		return name, false
	}
	out := fromDrive(rest, name)
	return out, out != name
}

// ToWSL turns a Windows path with a drive letter into WSL's form; false for
// any other.
func ToWSL(name string) (string, bool) {
	if len(name) < 3 || !isLetter(name[0]) || name[1] != ':' || (name[2] != '\\' && name[2] != '/') {
		return name, false
	}
	return "/mnt/" + strings.ToLower(name[:1]) + strings.TrimSuffix(strings.ReplaceAll(name[2:], `\`, "/"), "/"), true
}

// fromDrive reads "c" or "c/rest".
func fromDrive(rest, otherwise string) string {
	if rest == otherwise || rest == "" || !isLetter(rest[0]) || (len(rest) > 1 && rest[1] != '/') {
		return otherwise
	}
	return strings.ToUpper(rest[:1]) + `:\` + strings.ReplaceAll(strings.TrimPrefix(rest[1:], "/"), "/", `\`)
}

// SplitVolume cuts what follows `docker run -v` at its colons: source,
// target and options. The colon of a drive letter is no such colon. A
// volume with a single part has no source.
func SplitVolume(spec string) (source, target, options string) {
	i := colon(spec)
	if i < 0 {
		return "", spec, ""
	}
	source, rest := spec[:i], spec[i+1:]
	// People write -v ${PWD}:${PWD}, on Windows too.
	if i = colon(rest); i < 0 {
		return source, rest, ""
	}
	return source, rest[:i], rest[i+1:]
}

// colon finds the first colon that belongs to no drive letter, -1 for none.
func colon(spec string) int {
	skip := 0
	if len(spec) >= 3 && isLetter(spec[0]) && spec[1] == ':' && (spec[2] == '\\' || spec[2] == '/') {
		skip = 2
	}
	i := strings.IndexByte(spec[skip:], ':')
	if i < 0 {
		return -1
	}
	return skip + i
}
