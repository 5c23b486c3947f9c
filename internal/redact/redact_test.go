package redact_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/redact"
)

func TestText(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"http://me:secret@proxy:3128":                     "http://***@proxy:3128",
		"http://token@proxy":                              "http://***@proxy",
		"HTTPS://me:se'cret@[::1]:3128/x":                 "HTTPS://***@[::1]:3128/x",
		"socks5h://me:sec@ret@proxy:1":                    "socks5h://***@proxy:1",
		"http://me:sec/ret@proxy:3128":                    "http://***@proxy:3128",
		"http://me:sec#re?t@proxy/x@y":                    "http://***@y",
		"via http://a:b@one, then http://c:d@two.":        "via http://***@one, then http://***@two.",
		`Get "http://me:secret@proxy/file": refused`:      `Get "http://***@proxy/file": refused`,
		"<http://me:secret@proxy> `http://me:s@proxy`":    "<http://***@proxy> `http://***@proxy`",
		"x=http://me:secret@proxy\ny=ftp://me:secret@ftp": "x=http://***@proxy\ny=ftp://***@ftp",
		"ssh://me@host:22":                                "ssh://me@host:22",
		"ssh://me:secret@host":                            "ssh://me:***@host",
		"git+ssh://git@host/x and sftp://u:p@h":           "git+ssh://git@host/x and sftp://u:***@h",
		// What is no secret stays.
		"http://proxy:3128/a@b":          "http://proxy:3128/a@b",
		"https://host/~me@example":       "https://host/~me@example",
		"http://[fe80::1]:80/a@b":        "http://[fe80::1]:80/a@b",
		"alpine:3.19@sha256:0123456789":  "alpine:3.19@sha256:0123456789",
		"me@example.com, git@host:x.git": "me@example.com, git@host:x.git",
		"unix:///home/me@corp/run.sock":  "unix:///home/me@corp/run.sock",
		"://":                            "://",
		"http://":                        "http://",
		"http://@proxy":                  "http://@proxy",
		"":                               "",
	} {
		if got := redact.Text(text); got != want {
			t.Errorf("Text(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestLongText: a guest's text takes time in proportion to it. In proportion to
// the square it would be hours.
func TestLongText(t *testing.T) {
	t.Parallel()
	const size = 4 << 20
	for _, part := range []string{"://", "a://b:c", "a:b@", "http://a:", `"`, `"a:b@`, `\"`, `"://`, "ssh://[@", "a+b-", " ://@"} {
		text := "http://me:secret@proxy " + strings.Repeat(part, size/len(part))
		for _, shown := range []string{redact.Text(text), redact.Config(text), redact.JSON(`"` + text + `"`)} {
			if strings.Contains(shown, "secret") {
				t.Errorf("text of many %q: the password is shown, want none", part)
			}
		}
	}
}

func TestURL(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"me:secret@proxy:3128": "***@proxy:3128", "http://me:secret@proxy": "http://***@proxy", "proxy:3128": "proxy:3128", "": "",
	} {
		if got := redact.URL(text); got != want {
			t.Errorf("URL(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`  http = "http://me:pässword@proxy:3128"  # x`:  `  http = "http://************@proxy:3128"  # x`,
		`http "me:secret@proxy" is not a URL`:            `http "*********@proxy" is not a URL`,
		`a = ["x", "me:s/e@proxy"]; b = "/c:/d@e"`:       `a = ["x", "******@proxy"]; b = "/c:/d@e"`,
		`host = "ssh://me@host"`:                         `host = "ssh://me@host"`,
		`{ http = "http://a:b@c", https = "d:e@f" }`:     `{ http = "http://***@c", https = "***@f" }`,
		`{ https = "d:e@f", http = "http://a:b@c" }`:     `{ https = "***@f", http = "http://***@c" }`,
		`http://a:b"c:d@e"f`:                             `http://*******@e"f`,
		`"me: the one"; "x@y"; "http://proxy"; "open:x@`: `"me: the one"; "x@y"; "http://proxy"; "open:x@`,
	} {
		if got := redact.Config(text); got != want || len(got) != len(text) {
			t.Errorf("Config(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestJSON(t *testing.T) {
	t.Parallel()
	in := map[string]any{
		"proxy": "http://me:sec\"r\\et@proxy", "http://me:k@key": []string{"x", "https://a:b@c/<d>"},
		"other": "say \"http\"", "number": 1.5, "not": "http://proxy:1/",
	}
	data, err := json.MarshalIndent(in, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal([]byte(redact.JSON(string(data))), &out); err != nil {
		t.Fatal(err)
	}
	if out["proxy"] != "http://***@proxy" && !strings.HasPrefix(out["proxy"].(string), "http://***") ||
		out["http://***@key"].([]any)[1] != "https://***@c/<d>" || out["other"] != in["other"] || out["not"] != in["not"] {
		t.Errorf("JSON() = %v, want passwords of addresses as *** and the rest as it was", out)
	}
	if strings.Contains(redact.JSON(string(data)), `r\\et`) {
		t.Errorf("JSON() = %s, want no password", redact.JSON(string(data)))
	}
	for _, text := range []string{`"http://a:b@c`, `"`, `{"x": "\`, ``} {
		_ = redact.JSON(text) // what is no JSON ends no program
	}
}

func TestWriter(t *testing.T) {
	t.Parallel()
	const text = "one http://me:secret@proxy two\nthree\nhttp://me:secret@last"
	for _, size := range []int{1, 2, 7, len(text)} {
		var b strings.Builder
		w := redact.NewWriter(&b)
		for rest := text; rest != ""; rest = rest[min(size, len(rest)):] {
			part := rest[:min(size, len(rest))]
			if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
				t.Fatalf("Write(%q) = %d, %v, want %d", part, n, err, len(part))
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if want := "one http://***@proxy two\nthree\nhttp://***@last"; b.String() != want {
			t.Errorf("in parts of %d: %q, want %q", size, b.String(), want)
		}
	}
	var b strings.Builder
	w := redact.NewWriter(&b)
	long := strings.Repeat("x ", 100_000) + "http://me:secret@proxy"
	_, _ = w.Write([]byte(long[:150_000]))
	if b.Len() < 100_000 {
		t.Errorf("bytes held back of a line without an end = %d, want at most 50000", 150_000-b.Len())
	}
	_, _ = w.Write([]byte(long[150_000:]))
	_ = w.Close()
	if b.String() != strings.Repeat("x ", 100_000)+"http://***@proxy" {
		t.Errorf("Write() of a long line = %d bytes, want the line with *** for its password", b.Len())
	}
}

// FuzzText: no password of a URL is left, wherever the URL stands.
func FuzzText(f *testing.F) {
	f.Add("me", "secret", "proxy", "see ", " now")
	f.Add("", "a:b@c", "[::1]:80", `"`, `"`)
	f.Add("u", "p?q#r/s", "h", "", "@")
	f.Add("u", "p", "h", "", `"a:b@c"`)
	f.Fuzz(func(t *testing.T, user, password, host, before, after string) {
		password = "hunter2" + password
		u := url.URL{Scheme: "http", User: url.UserPassword(user, password), Host: "h" + url.PathEscape(host)}
		text := before + " " + u.String() + " " + after
		if strings.Contains(before+after+host+user, "hunter2") {
			t.Skip()
		}
		for _, shown := range []string{redact.Text(text), redact.Config(text), redact.URL(u.String())} {
			if strings.Contains(shown, "hunter2") {
				t.Errorf("redacted %q = %q, want no password", text, shown)
			}
		}
		// Without a scheme it is a secret of a configuration, where it is a string.
		if pair := before + text + ` "` + u.User.String() + `@h" ` + after; strings.Count(before+text, `"`)%2 == 0 {
			if shown := redact.Config(pair); strings.Contains(shown, "hunter2") || len(shown) != len(pair) {
				t.Errorf("Config(%q) = %q, want as many bytes and no password", pair, shown)
			}
		}
		quoted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if shown := redact.JSON(string(quoted)); strings.Contains(shown, "hunter2") || !json.Valid([]byte(shown)) {
			t.Errorf("JSON(%s) = %s, want valid JSON without the password", quoted, shown)
		}
	})
}
