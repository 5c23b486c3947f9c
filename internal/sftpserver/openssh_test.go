package sftpserver_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestOpenSSHClient lets OpenSSH's own sftp work on a served folder.
func TestOpenSSHClient(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("sftp")
	if err != nil {
		t.Skip("no sftp here (apt-get install openssh-client)")
	}
	base := folder(t)
	dir, local := filepath.Join(base, "served"), filepath.Join(base, "local")
	write(t, filepath.Join(dir, "in folder", "ünicode"), "text")
	write(t, filepath.Join(local, "up"), strings.Repeat("up", 1<<20))
	must(t, os.Chmod(filepath.Join(local, "up"), 0o750))
	symlink(t, "../local/up", filepath.Join(dir, "leak"))
	batch := strings.Join([]string{
		"pwd", "ls -la", `ls -l "in folder"`, "lcd " + local,
		`get "in folder/ünicode" got`, "put -p up", "rename up moved", "chmod 640 moved",
		"mkdir new", "symlink moved new/link", "ln moved hard", "df", "-get leak stolen", "-rmdir new", "rm hard", "put -f up again",
	}, "\n")
	self, err := os.Executable()
	must(t, err)
	cmd := exec.CommandContext(t.Context(), program, "-q", "-b", "-", "-D", self)
	// Without a locale sftp shows what is no ASCII in octal.
	cmd.Stdin, cmd.Env = strings.NewReader(batch+"\n"), append(os.Environ(), serveEnv+"="+dir, "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("sftp -b: %v, want no error\n%s", err, out)
	}
	for _, want := range []string{"4 ", "lrwxrwxrwx", "leak", "ünicode", "No such file"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("output of sftp lacks %q, want it there:\n%s", want, out)
		}
	}
	if text, err := os.ReadFile(filepath.Join(local, "got")); err != nil || string(text) != "text" {
		t.Errorf("sftp get made a file with %q, %v, want \"text\"", text, err)
	}
	if text, _ := os.ReadFile(filepath.Join(local, "stolen")); len(text) != 0 {
		t.Errorf("sftp get read %d bytes outside of the folder, want 0", len(text))
	}
	info, err := os.Stat(filepath.Join(dir, "moved"))
	if err != nil || info.Size() != 2<<20 || info.Mode().Perm() != 0o640 {
		t.Errorf("Stat(moved) = %v, %v, want a size of 2 MiB and mode -rw-r-----", info, err)
	}
	before, _ := os.Stat(filepath.Join(local, "up"))
	if info != nil && info.ModTime().Unix() != before.ModTime().Unix() {
		t.Errorf("modification time after put -p = %v, want %v", info.ModTime(), before.ModTime())
	}
	if text, err := os.Readlink(filepath.Join(dir, "new", "link")); err != nil || text != "moved" {
		t.Errorf("Readlink(new/link) = %q, %v, want moved", text, err)
	}
	if info, err := os.Stat(filepath.Join(dir, "again")); err != nil || info.Mode().Perm() != 0o750 {
		t.Errorf("Stat(again) after a put = %v, %v, want mode -rwxr-x---", info, err)
	}
}
