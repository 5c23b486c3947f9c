package confine

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// stateName is the folder in which an older fbdock kept keys and a Vagrantfile,
// beside the fbdock.hcl of each project. One may lie anywhere below a folder
// that is served.
const stateName = ".fbdock"

// reserved tells whether a word of a path may name such a folder on any file
// system that a host has.
func reserved(word string) bool {
	if len(word) < len("FB~1") {
		return false
	}
	return sameName(word, stateName)
}

// sameName tells whether a file system may take word for name. It knows
//   - letters that differ in case only, U+212A KELVIN SIGN among them, and code
//     points that HFS+ and the case-insensitive ext4 skip,
//   - what Windows drops behind a name: dots, spaces, and the stream that
//     follows a colon ("name::$INDEX_ALLOCATION" is the folder itself),
//   - the short names of FAT and NTFS.
//
// It is true for some names that are innocent. It does not know that a letter
// with an accent may be written as two code points; identity does.
func sameName(word, name string) bool {
	word, _, _ = strings.Cut(word, ":")
	word = strings.TrimRight(word, ". ")
	return equalFold(word, name) || shortOf(word, name)
}

// equalFold is strings.EqualFold less what file systems skip.
func equalFold(word, name string) bool {
	for _, r := range word {
		if skipped(r) {
			continue
		}
		want, size := utf8.DecodeRuneInString(name)
		if size == 0 || !sameLetter(r, want) {
			return false
		}
		name = name[size:]
	}
	return name == ""
}

func sameLetter(r, want rune) bool {
	if r == want {
		return true
	}
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		if other == want {
			return true
		}
	}
	return false
}

// skipped are the code points without a look of their own: HFS+ ignores some
// of them in a name, the ext4 of Linux with casefold all
// (Default_Ignorable_Code_Point of Unicode).
func skipped(r rune) bool {
	return r >= 0x80 && unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// shortOf tells whether word may be the short name of name: its first letters,
// which may be cut off at two and go on with four hexadecimal digits, then "~"
// and a number, then an extension of three letters.
func shortOf(word, name string) bool {
	base, extension, _ := strings.Cut(strings.TrimLeft(name, "."), ".")
	word, suffix, _ := strings.Cut(word, ".")
	if len(suffix) > 3 || !equalFold(suffix, extension[:min(len(suffix), len(extension))]) {
		return false
	}
	tilde := strings.LastIndexByte(word, '~')
	if len(word) > 8 || tilde < 1 || tilde+1 == len(word) || strings.Trim(word[tilde+1:], "0123456789") != "" {
		return false
	}
	head := word[:tilde]
	if len(head) <= len(base) && equalFold(head, base[:len(head)]) {
		return true
	}
	cut := min(len(base), 2)
	return len(head) == cut+4 && equalFold(head[:cut], base[:cut]) && strings.Trim(head[cut:], "0123456789abcdefABCDEF") == ""
}
