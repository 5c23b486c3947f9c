package hostpath_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fbdock/fbdock/platforms/hostpath"
)

func TestGuestPath(t *testing.T) {
	t.Parallel()
	tests := []struct{ goos, in, want string }{
		{"windows", `C:\Users\x`, "/c/Users/x"},
		{"windows", `c:/Users/x`, "/c/Users/x"},
		{"windows", `D:\`, "/d"},
		{"windows", `C:\Users\Zoë K\a b`, "/c/Users/Zoë K/a b"},
		{"windows", `C:\a\..\b\.\c\`, "/c/b/c"},
		{"windows", `C:\..\..\x`, "/c/x"},
		{"windows", `\\server\share\a b`, "/unc/server/share/a b"},
		{"windows", `\\server\share`, "/unc/server/share"},
		{"windows", `\\server\share\..\..\x`, "/unc/server/share/x"},
		{"windows", `\\?\C:\very\long`, "/c/very/long"},
		{"windows", `\\wsl.localhost\Ubuntu\home\x`, "/unc/wsl.localhost/Ubuntu/home/x"},
		{"windows", `\\?\unc\server\share\x`, "/unc/server/share/x"},
		{"linux", "/home/zoë/a b", "/home/zoë/a b"},
		{"linux", `/home/back\slash`, `/home/back\slash`},
		{"linux", "/a/../b//c/", "/b/c"},
		{"linux", "/mnt/c/Users/x", "/mnt/c/Users/x"},
		{"darwin", "/Users/x", "/Users/x"},
		{"freebsd", "/usr/home/x", "/usr/home/x"},
	}
	for _, tt := range tests {
		if got, err := hostpath.GuestPath(tt.goos, tt.in); err != nil || got != tt.want {
			t.Errorf("GuestPath(%s, %q) = %q, %v, want %q", tt.goos, tt.in, got, err, tt.want)
		}
	}
}

func TestPathsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ goos, in string }{
		{"windows", ""}, {"windows", "C:"}, {"windows", "C:x"}, {"windows", `\x`}, {"windows", "x"}, {"windows", `1:\x`},
		{"windows", `\\.\pipe\x`}, {"windows", `\\server`}, {"windows", `\\server\`}, {"windows", `\\..\x`}, {"windows", `\\server\..`},
		{"windows", `C:\a?b`}, {"windows", `C:\a:stream`}, {"windows", `\\?\C:\a.`}, {"windows", `\\?\C:\a \b`}, {"windows", `\\?\C:\a\..\b`},
		{"windows", `C:\` + strings.Repeat("long name\\", 120)}, {"windows", `C:\` + strings.Repeat("長", 100)}, {"darwin", "/" + strings.Repeat("x/", 600)}, {"windows", `\\s\h\a*`}, {"windows", "C:\\a\nb"},
		{"linux", "x"}, {"linux", ""}, {"linux", "/a\x00b"}, {"linux", "/a\xff"}, {"linux", "/a\nb"},
	} {
		_, err := hostpath.GuestPath(tt.goos, tt.in)
		if pe, ok := errors.AsType[*hostpath.PathError](err); !ok || pe.Hint() == "" || pe.Error() == "" {
			t.Errorf("GuestPath(%s, %q): error = %v, want a PathError with a hint", tt.goos, tt.in, err)
		}
	}
}

// There and back is the identity, and so no two share a guest path.
func FuzzPathsThereAndBack(f *testing.F) {
	for _, s := range []string{`C:\Users\x`, `\\server\share\x`, "/home/x", `\\?\C:\x`, `Z:\`, "/c/x", `C:\ü\日本`, `/a\b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, goos := range []string{"windows", "linux", "darwin"} {
			guest, err := hostpath.GuestPath(goos, s)
			if err != nil {
				continue
			}
			if !strings.HasPrefix(guest, "/") || strings.Contains(guest, "//") || strings.HasSuffix(guest, "/..") || strings.Contains(guest, "/../") {
				t.Fatalf("GuestPath(%s, %q) = %q, want a clean absolute path", goos, s, guest)
			}
			back, err := hostPath(goos, guest)
			if err != nil {
				t.Fatalf("hostPath(%[1]s, %[3]q), the guest path of %[2]q: %[4]v, want no error", goos, s, guest, err)
			}
			again, err := hostpath.GuestPath(goos, back)
			if err != nil || again != guest {
				t.Fatalf("GuestPath(%s, %q) = %q, whose host path is %q with the guest path %q, %v, want the same guest path", goos, s, guest, back, again, err)
			}
			if goos != "windows" && strings.TrimSuffix(s, "/") == s && !strings.Contains(s, "//") && !strings.Contains(s, "/.") && back != s {
				t.Fatalf("host path of GuestPath(%s, %q) = %q, want the same", goos, s, back)
			}
		}
	})
}

func TestSplitVolume(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][3]string{
		`C:\x:/data`:      {`C:\x`, "/data", ""},
		`c:/x y:/data:ro`: {"c:/x y", "/data", "ro"},
		"/a:/b":           {"/a", "/b", ""},
		"./a:/b:ro,z":     {"./a", "/b", "ro,z"},
		"name:/b":         {"name", "/b", ""},
		"c:/b":            {"", "c:/b", ""}, // a drive, not a volume named c
		`C:\x:C:\x`:       {`C:\x`, `C:\x`, ""},
		`C:\x:C:\x:ro`:    {`C:\x`, `C:\x`, "ro"},
		"/data":           {"", "/data", ""},
		"":                {"", "", ""},
		`\\s\h:/b`:        {`\\s\h`, "/b", ""},
	} {
		s, tgt, o := hostpath.SplitVolume(in)
		if got := [3]string{s, tgt, o}; got != want {
			t.Errorf("SplitVolume(%q) = %q, want %q", in, got, want)
		}
	}
}
