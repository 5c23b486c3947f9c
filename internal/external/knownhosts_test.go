package external

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
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

// FuzzKnownHosts: a host key counts as known only where OpenSSH's own
// ssh-keygen finds it for the name, and never when it is revoked.
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
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4000 || strings.Contains(text, "]:22 ") || strings.Contains(text, "]:22,") {
			return // Go takes [metal]:22 for metal
		}
		text = strings.NewReplacer("KEY", key, "OTHER", other).Replace(text)
		file := filepath.Join(t.TempDir(), "known_hosts")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		known, err := userKeys{files: []string{file}, name: "metal"}.judge(hostKey(t, 1))
		if err != nil || !known {
			return
		}
		out, err := exec.CommandContext(t.Context(), keygen, "-F", "metal", "-f", file).Output()
		if err != nil {
			t.Fatalf("judge of %q takes the key for known, ssh-keygen -F: %v, want both to agree", text, err)
		}
		blob := base64.StdEncoding.EncodeToString(hostKey(t, 1).Marshal())
		found := false
		for line := range strings.Lines(string(out)) {
			if !strings.Contains(line, blob) {
				continue
			}
			if strings.HasPrefix(strings.TrimSpace(line), "@revoked") {
				t.Fatalf("judge of %q takes a revoked key for known, want it refused", text)
			}
			found = found || !strings.HasPrefix(line, "#")
		}
		if !found {
			t.Fatalf("judge of %q takes the key for known, ssh-keygen -F prints %q, want both to agree", text, out)
		}
	})
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
