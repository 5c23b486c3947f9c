package confine

import "testing"

// TestReserved: every name under which some file system of a host finds the
// folder .fbdock, and names that are the guests' own.
func TestReserved(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		".fbdock", ".FBDOCK", ".FbDoCk", ".fbdoc\u212a", // KELVIN SIGN
		".fb\u200cdock", "\u200d.fbdock\ufeff", ".fb\u00addock", ".\ufe0ffbdock", // ignored by HFS+, ext4 with casefold
		".fbdock.", ".fbdock ", ".fbdock. . ", ".FBDOCK...", // Windows
		".fbdock::$INDEX_ALLOCATION", ".fbdock:$I30:$INDEX_ALLOCATION", ".fbdock:stream", ".FBDOCK::$DATA",
		"FBDOCK~1", "fbdock~1", "FBDOCK~9", "FBDOC~10", "FBD~1234", "FB3F0A~1", "fb3f0a~4", "FBDOCK~1.", "FBDOCK~1::$INDEX_ALLOCATION",
	} {
		if !reserved(name) {
			t.Errorf("reserved(%q) = false, want true", name)
		}
	}
	for _, name := range []string{
		"", ".", "fbdock", ".fbdoc", ".fbdockx", ".fbdock2", ".fbdock.hcl", "fbdock.hcl", "fbdock.lock.hcl", ".fbdockrc", "x.fbdock", " .fbdock",
		"fbdock~", "~1", "fbdock~x", "fbdock.~1~", "FBDOCKS~1", "FBXYZW~1", "README~1", ".fbd\u043ecK", // CYRILLIC O
	} {
		if reserved(name) {
			t.Errorf("reserved(%q) = true, want false", name)
		}
	}
}

func TestSameName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word, name string
		want       bool
	}{
		{"agent.sock", "agent.sock", true}, {"AGENT~1.SOC", "agent.sock", true}, {"AGENT~1.TXT", "agent.sock", false}, {"AGENT~1", "agent.sock", true},
		{"APPLIC~1", "Application Support", true}, {"application support", "Application Support", true}, {"AP12EF~2", "Application Support", true},
		{"fbdock", "fbdock", true}, {"fbdock2", "fbdock", false}, {"\u017ftate", "state", true}, {"STATE.", "state", true}, {"", "state", false},
		{"\u00dcber", "\u00fcber", true}, {"st\xffte", "state", false},
	} {
		if got := sameName(c.word, c.name); got != c.want {
			t.Errorf("sameName(%q, %q) = %v, want %v", c.word, c.name, got, c.want)
		}
	}
}
