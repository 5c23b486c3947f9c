package external

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
)

// hostKey is the same one in every run.
func hostKey(t testing.TB, seed byte) ssh.PublicKey {
	t.Helper()
	key, err := ssh.NewPublicKey(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{seed}, ed25519.SeedSize)).Public())
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// FuzzKnownHosts: a host key counts as known where OpenSSH's own ssh-keygen
// finds it for the name, and nowhere else; never when it is revoked.
func FuzzKnownHosts(f *testing.F) {
	keygen, err := exec.LookPath("ssh-keygen")
	if err != nil {
		f.Skipf("ssh-keygen is not installed: %v", err)
	}
	key := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(hostKey(f, 1))))
	other := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(hostKey(f, 2))))
	for _, text := range []string{
		"metal KEY", "metal OTHER\nmetal KEY", "@revoked metal KEY\nmetal KEY", "metal,192.0.2.1 KEY comment", "!metal,* KEY", "* KEY", "m?tal KEY",
		"@cert-authority metal KEY", "[metal]:2222 KEY", "# metal KEY", "", "metal OTHER", "metal", "metal ssh-rsa AAAA", "\tmetal KEY", "metal  KEY", "other KEY",
		"|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|3988QV0VE8wmZL7suNrYQLITLCg= KEY", "metal KEY\r\n", "@revoked * KEY\nmetal OTHER",
		"\x00l,* KEY", // ssh ends the line at the NUL
		"!metaL,* KEY", "METAL KEY", "!metal*,* KEY", "metal** KEY", "*e*a*,!x KEY", "[metal]:22 KEY", "@revoked other KEY\nmetal KEY", "@x metal KEY",
		"@revoked @revoked metal KEY", "@revoked #,metal KEY\nmetal KEY", "m\xe9tal,* KEY", strings.Repeat("x", 1022) + ",metal KEY", strings.Repeat("x", 1023) + ",metal KEY",
		"metal " + strings.TrimPrefix(key, "ssh-ed25519"), "metal KEY\x00", "metal KEY KEY",
	} {
		f.Add(text, "metal")
	}
	f.Add("Metal KEY", "Metal")
	f.Add("[metal]:* KEY", "[metal]:2222")
	f.Add("[Metal]:2222,metal KEY", "[metal]:2222")
	f.Fuzz(func(t *testing.T, text, name string) {
		if strings.Count(text, "*") > 6 {
			return // ssh-keygen takes time that is exponential in them
		}
		if len(text) > 8000 || len(name) > 200 || name == "" || name[0] == '-' || strings.ContainsAny(name, "\x00,") {
			return
		}
		text = strings.NewReplacer("KEY", key, "OTHER", other).Replace(text)
		file := filepath.Join(t.TempDir(), "known_hosts")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		known, err := userKeys{files: []string{file}, name: name}.judge(hostKey(t, 1))
		// It ends with 1 where it finds nothing.
		out, findErr := exec.CommandContext(t.Context(), keygen, "-F", name, "-f", file).Output()
		if _, exited := errors.AsType[*exec.ExitError](findErr); findErr != nil && !exited {
			t.Fatal(findErr)
		}
		blob := base64.StdEncoding.EncodeToString(hostKey(t, 1).Marshal())
		found := false
		for line := range strings.Lines(string(out)) {
			fields := strings.Fields(line)
			switch {
			case strings.HasPrefix(line, "#"), !strings.Contains(line, blob), fields[0] == "@cert-authority":
			case fields[0] == "@revoked" && known:
				t.Fatalf("judge of %q for %q takes a revoked key for known, want it refused", text, name)
			case fields[0] != "@revoked":
				found = true
			}
		}
		if err == nil && known != found {
			t.Fatalf("judge of %q for %q = %v, ssh-keygen -F prints %q, want both to agree", text, name, known, out)
		}
	})
}

// TestKnownHostsLines: a line that cannot be read is an error with its place;
// lines for others may have keys of any type.
func TestKnownHostsLines(t *testing.T) {
	t.Parallel()
	key := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(hostKey(t, 1))))
	for text, want := range map[string]string{
		"other ssh-rsa AAAAB3NzaC1yc2E=\nmetal KEY": "", "other ssh-new AAAAB3NzaC1uZXc= more\n\n \t\nmetal KEY": "", "@revoked other ssh-new AAAAB3NzaC1uZXc=\nmetal KEY": "",
		"# x\nmetal ssh-rsa AAAAB3NzaC1yc2E=": ":2: read the key", "this is no key file": ":1: read the key", "these are four words": `:1: the key is not of type "are"`, "metal ssh-rsa " + strings.Fields(key)[1]: `:1: the key is not of type "ssh-rsa"`,
		"metal": ":1: it has no key", "other": ":1: it has no key", "other 2048 35 1234\nmetal KEY": ":1: read the key", "not at all!": ":1: read the key",
		"@x metal KEY": `:1: "@x" is no marker`, "@x other KEY": `:1: "@x" is no marker`, "metal KEY\n@revoked @x metal KEY": ":2: it has two markers", "metal\x00 KEY": ":1: it holds a NUL byte",
		"metal KEY\n@revoked metal KEY": "which is revoked", "@cert-authority metal KEY": "unknown", "metal KEY with words": "", "other KEY": "unknown",
	} {
		file := filepath.Join(t.TempDir(), "known_hosts")
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(text, "KEY", key)), 0o600); err != nil {
			t.Fatal(err)
		}
		known, err := userKeys{files: []string{file}, name: "metal"}.judge(hostKey(t, 1))
		got := ""
		if err != nil {
			got = err.Error()
		} else if !known {
			got = "unknown"
		}
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("judge of %q = %v, %v, want %q", text, known, err, want)
		}
	}
}

// FuzzSSHAnswer: what is read of `ssh -G` is its lines and nothing else, and
// the order of what is said for one keyword stays.
func FuzzSSHAnswer(f *testing.F) {
	for _, text := range []string{
		"user me\nhostname metal\nport 22\nidentityfile ~/.ssh/a b\nidentityfile ~/.ssh/c\nuserknownhostsfile /a /b c\n", "", "\n\n", "user\n", " user me\n", "user  me \r\n", "user me",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		answer := readSSHAnswer(text)
		lines := map[string]int{}
		for line := range strings.Lines(string(text)) {
			lines[strings.TrimRight(line, "\r\n")]++
		}
		for keyword, values := range answer {
			if keyword == "" || strings.ContainsAny(keyword, " \n") {
				t.Fatalf("readSSHAnswer(%q) has the keyword %q, want one word", text, keyword)
			}
			for _, value := range values {
				if line := keyword + " " + value; lines[line] == 0 {
					t.Fatalf("readSSHAnswer(%q) has %q, want only lines of the text", text, line)
				}
				lines[keyword+" "+value]--
			}
			if answer.one(keyword) != values[0] {
				t.Fatalf("one(%q) = %q, want %q", keyword, answer.one(keyword), values[0])
			}
		}
		for line, left := range lines {
			keyword, _, ok := strings.Cut(line, " ")
			if ok && keyword != "" && left > 0 {
				t.Fatalf("readSSHAnswer(%q) lacks %q, want all lines of the text", text, line)
			}
		}
	})
}

// TestFilesOfSSH: `ssh -G` writes names side by side, spaces in them as they are.
func TestFilesOfSSH(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a", "b c", "b", "d  e"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := &Computer{}
	at := func(name string) string { return filepath.Join(dir, name) }
	for line, want := range map[string][]string{
		at("a") + " " + at("b"): {at("a"), at("b")}, at("b c"): {at("b c")}, at("a") + " " + at("b c") + " " + at("none"): {at("a"), at("b c")},
		at("d  e"): {at("d  e")}, "": nil, at("none") + " " + at("a"): {at("a")},
	} {
		if got := o.namedFiles(line); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("files(%q) = %q, want %q", line, got, want)
		}
	}
}
