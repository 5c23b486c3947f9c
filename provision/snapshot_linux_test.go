package provision_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// volatile is what differs from run to run by its nature: logs, processes,
// the lab's own counters, the moment of creation.
var volatile = regexp.MustCompile(`^(proc|dev/null|tmp|var/log|run/fbdock|run/lab/(calls|lock|dmesg|tap|vmm|end)|run/(sshd|rpcbind|mountd|nfsd|podman_service).pid|run/jail_[a-z]+.id|run/fbdock-steps.lock|var/db/fbdock/payload)`)

// moments are times and process numbers in the lab's state.
var moments = regexp.MustCompile(`"(Created|created|creation|guid|pid|PID|Time|JID|Last)": *[^,\n}]+|58:9c:fc:[0-9a-f:]+`)

// bootTime stands in what was done once for each boot.
var bootTime = regexp.MustCompile(` 1[0-9]{9}\n`)

// snapshot names every lasting file with its mode, owner and content.
func snapshot(t *testing.T, root string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		if volatile.MatchString(name) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if slices.Contains([]string{"usr/bin", "usr/lab", "lib", "lib64", "sbin", "lab"}, name) {
			return fs.SkipDir
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		stat, _ := info.Sys().(*syscall.Stat_t)
		content, err := contentOf(path, info)
		files[name] = fmt.Sprintf("%v %d %s", info.Mode(), stat.Uid, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func contentOf(path string, info fs.FileInfo) (string, error) {
	switch {
	case info.IsDir():
		return "", nil
	case info.Mode()&fs.ModeSymlink != 0:
		return os.Readlink(path)
	case !info.Mode().IsRegular():
		return "special", nil
	}
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if info.Size() > 1<<20 {
		sum, err := sparseSum(file, 8<<20)
		return fmt.Sprintf("%d %x", info.Size(), sum), err
	}
	data, err := io.ReadAll(file)
	if strings.HasSuffix(path, ".json") {
		// What was loaded or made first does not matter.
		lines := strings.Split(strings.ReplaceAll(moments.ReplaceAllString(string(data), "-"), ",\n", "\n"), "\n")
		slices.Sort(lines)
		return strings.Join(lines, "\n"), err
	}
	if strings.HasSuffix(path, ".iso") { // holds the moment of its making
		return strconv.FormatInt(info.Size(), 10), err
	}
	data = bootTime.ReplaceAll(data, []byte("-"))
	if len(data) > 400 {
		return fmt.Sprintf("%d %x", info.Size(), sha256.Sum256(data)), err
	}
	return fmt.Sprintf("%d %q", info.Size(), data), err
}

// sparseSum is one number for the first limit bytes of a disk, of which nearly
// all are holes: they are not read. What is not zero counts, with its place.
func sparseSum(file *os.File, limit int64) ([]byte, error) {
	sum := sha256.New()
	block := make([]byte, 4096)
	for at := int64(0); at < limit; {
		data, err := unix.Seek(int(file.Fd()), at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			break // holes to the end
		} else if err != nil {
			return nil, err
		}
		for at = data - data%4096; at < limit; at += 4096 {
			n, err := file.ReadAt(block, at)
			if n == 0 {
				return sum.Sum(nil), ignoreEOF(err)
			}
			if bytes.Count(block[:n], []byte{0}) == n {
				at += 4096
				break // asks again where data is
			}
			_, _ = fmt.Fprintf(sum, "%d %x\n", at, block[:n])
		}
	}
	return sum.Sum(nil), nil
}

func ignoreEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// TestSnapshot: two undisturbed runs compare equal, else nothing above says
// anything.
func TestSnapshot(t *testing.T) {
	needNamespaces(t)
	var all []map[string]string
	for range 2 {
		g := newGuest(t)
		g.upload(t, labMachine())
		if out, status := g.run(t, "sh /var/db/fbdock/payload/install.sh"); status != 0 {
			t.Fatalf("install.sh: status = %d, want 0:\n%s", status, out)
		}
		all = append(all, snapshot(t, g.root))
	}
	if diff := cmp.Diff(all[0], all[1]); diff != "" {
		t.Errorf("snapshot() of two equal installations (-want +got):\n%s", diff)
	}
	for _, name := range []string{"etc/pf.conf", "etc/rc.conf", "usr/local/etc/fbdock/pf.conf", "var/db/fbdock/seed.iso", "home/vagrant/.docker/config.json"} {
		if !slices.Contains(slices.Collect(maps.Keys(all[0])), name) {
			t.Errorf("snapshot() lacks %s, want it", name)
		}
	}
}
