package diskimage_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"github.com/fbdock/fbdock/internal/diskimage"
)

// disk is 5 MiB and a sector: text that compresses, noise, and holes.
func disk() []byte {
	d := make([]byte, 5<<20+512)
	copy(d[512:], "EFI PART")
	copy(d[1<<20:], bytes.Repeat([]byte("some text "), 40_000))
	noise := rand.New(rand.NewPCG(1, 2))
	for i := 3 << 20; i < 3<<20+200_000; i++ {
		d[i] = byte(noise.Uint32())
	}
	copy(d[len(d)-512:], "EFI PART")
	return d
}

func qemuImg(t *testing.T, args ...string) {
	t.Helper()
	if _, err := exec.LookPath("qemu-img"); err != nil {
		t.Skip("qemu-img is not here to make images")
	}
	if out, err := exec.CommandContext(t.Context(), "qemu-img", args...).CombinedOutput(); err != nil {
		t.Fatalf("qemu-img %q: %v, want no error\n%s", args, err, out)
	}
}

func open(t *testing.T, file string) (*diskimage.Image, error) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return diskimage.Open(f, info.Size())
}

// TestQemuImages: what qemu-img writes is read as it was.
func TestQemuImages(t *testing.T) {
	t.Parallel()
	want := disk()
	raw := filepath.Join(t.TempDir(), "disk.raw")
	if err := os.WriteFile(raw, want, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"-O", "raw"}, {"-O", "qcow2"}, {"-c", "-O", "qcow2"}, {"-O", "qcow2", "-o", "compat=0.10"}, {"-c", "-O", "qcow2", "-o", "compat=0.10,cluster_size=512"},
		{"-c", "-O", "qcow2", "-o", "compression_type=zstd"}, {"-c", "-O", "qcow2", "-o", "cluster_size=2M"}, {"-O", "qcow2", "-o", "preallocation=metadata"},
		{"-S", "0", "-O", "qcow2"}, {"-O", "qcow2", "-o", "lazy_refcounts=on"},
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "image")
			qemuImg(t, append(append([]string{"convert", "-f", "raw"}, args...), raw, file)...)
			image, err := open(t, file)
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			if n, err := image.WriteTo(&got); err != nil || n != image.Size || !bytes.Equal(got.Bytes(), want) {
				t.Errorf("WriteTo() = %d, %v, same disk: %[4]v, want %[3]d, no error and the same disk", n, err, image.Size, bytes.Equal(got.Bytes(), want))
			}
		})
	}
}

// TestRefused: an image that leads elsewhere, takes a key or claims the
// impossible.
func TestRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	qemuImg(t, "create", "-q", "-f", "qcow2", at("base"), "4M")
	qemuImg(t, "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", at("base"), at("backed"))
	qemuImg(t, "create", "-q", "-f", "qcow2", "-o", "data_file="+at("data"), at("external"), "4M")
	qemuImg(t, "create", "-q", "-f", "qcow2", "-o", "extended_l2=on,cluster_size=128k", at("extended"), "4M")
	// qemu-img fails to make one at times: "Unable to get accurate CPU usage".
	secret := header(3, 16, 4<<20)
	binary.BigEndian.PutUint32(secret[32:], 2) // crypt_method: LUKS, docs/interop/qcow2 of QEMU
	if err := os.WriteFile(at("secret"), secret, 0o600); err != nil {
		t.Fatal(err)
	}
	qemuImg(t, "create", "-q", "-f", "qcow2", at("huge"), "1T")
	for name, want := range map[string]string{
		"backed": "backing file", "external": "data in another file", "extended": "extended L2", "secret": "encrypted", "huge": "1099511627776 bytes",
	} {
		_, err := open(t, at(name))
		refused, ok := errors.AsType[*diskimage.RefusedError](err)
		if !ok || !strings.Contains(err.Error(), want) || refused.Hint() == "" {
			t.Errorf("Open(%s) = %v, want %q", name, err, want)
		}
	}
	for name, data := range map[string][]byte{"nothing": nil, "a magic alone": []byte("QFI\xfb"), "a header of version 3 cut short": header(3, 16, 1<<20)[:80]} {
		if _, err := diskimage.Open(bytes.NewReader(data), int64(len(data))); err == nil {
			t.Errorf("Open(%s): no error, want one", name)
		}
	}
}

// header is one of a qcow2 file, and an L1 table behind it.
func header(version, bits uint32, size uint64) []byte {
	h := make([]byte, 4096)
	copy(h, "QFI\xfb")
	be := binary.BigEndian
	be.PutUint32(h[4:], version)
	be.PutUint32(h[20:], bits)
	be.PutUint64(h[24:], size)
	be.PutUint32(h[36:], 1)
	be.PutUint64(h[40:], 1024)
	be.PutUint32(h[100:], 104)
	return h
}

// TestDamaged: offsets that lead out of the file, and clusters that do not
// decompress.
func TestDamaged(t *testing.T) {
	t.Parallel()
	const l2 = 2048
	be := binary.BigEndian
	for name, damage := range map[string]func([]byte){
		"an L1 table behind the end":  func(h []byte) { be.PutUint64(h[40:], 1<<40) },
		"an L1 table at the end":      func(h []byte) { be.PutUint64(h[40:], uint64(len(h))) },
		"an L1 table too short":       func(h []byte) { be.PutUint32(h[36:], 0) },
		"an L2 table behind the end":  func(h []byte) { be.PutUint64(h[1024:], 1<<40) },
		"an L2 table between sectors": func(h []byte) { be.PutUint64(h[1024:], 1536+7<<9) },
		"a cluster behind the end":    func(h []byte) { be.PutUint64(h[l2:], 1<<40) },
		"a compressed one behind it":  func(h []byte) { be.PutUint64(h[l2:], 1<<62|1<<40) },
		"a compressed one of zeros":   func(h []byte) { be.PutUint64(h[l2:], 1<<62|3000) },
		"clusters of a byte":          func(h []byte) { be.PutUint32(h[20:], 0) },
		"clusters of 2^64":            func(h []byte) { be.PutUint32(h[20:], 64) },
		"a disk of 2^63":              func(h []byte) { be.PutUint64(h[24:], 1<<63) },
	} {
		file := header(2, 9, 4096)
		be.PutUint64(file[1024:], l2)
		damage(file)
		image, err := diskimage.Open(bytes.NewReader(file), int64(len(file)))
		if err == nil {
			_, err = image.WriteTo(io.Discard)
		}
		if _, ok := errors.AsType[*diskimage.RefusedError](err); !ok {
			t.Errorf("WriteTo() of an image with %s: error = %v, want a RefusedError", name, err)
		}
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	want := disk()
	image, err := diskimage.Open(bytes.NewReader(want), int64(len(want)))
	if err != nil {
		t.Fatal(err)
	}
	var told int64
	s := image.Stream(func(n int64) { told = n })
	packed, err := io.ReadAll(s)
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	if told != 6<<20 || image.Padded() != 6<<20 || s.Len() != int64(len(packed)) || len(packed) > 1<<20 {
		t.Errorf("Stream: told %d, Padded() = %d, Len() = %d of %d bytes, want 6 MiB and a stream below 1 MiB", told, image.Padded(), s.Len(), len(packed))
	}
	z, err := zstd.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	got, err := io.ReadAll(z)
	if err != nil || !bytes.Equal(got, append(want, make([]byte, 6<<20-len(want))...)) {
		t.Errorf("the stream holds %d bytes, %v, want %d of the disk and zeros up to 6 MiB", len(got), err, len(want))
	}
	for _, cut := range []int{0, 1, len(packed) / 2, len(packed)} {
		prefix := image.Stream(nil)
		if _, err := io.CopyN(io.Discard, prefix, int64(cut)); err != nil {
			t.Fatal(err)
		}
		again := image.Stream(nil)
		if same, err := again.Skip(int64(cut), prefix.SHA256()); !same || err != nil {
			t.Errorf("Skip(%d) = %v, %v, want true", cut, same, err)
		}
		rest, err := io.ReadAll(again)
		if err != nil || !bytes.Equal(rest, packed[cut:]) || again.SHA256() != s.SHA256() {
			t.Errorf("rest of the stream after %d bytes: %v, want the same bytes and digest", cut, err)
		}
		if err := errors.Join(prefix.Close(), again.Close()); err != nil {
			t.Error(err)
		}
	}
	for name, n := range map[string]int64{"another beginning": 10, "more than there is": 2 << 20} {
		other := image.Stream(nil)
		if same, err := other.Skip(n, strconv.Itoa(1)); same || err != nil {
			t.Errorf("Skip() with %s = %v, %v, want false and no error", name, same, err)
		}
		if err := other.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestStreamOfDamaged: a stream of an image that cannot be read ends with the
// reason, and is no whole frame.
func TestStreamOfDamaged(t *testing.T) {
	t.Parallel()
	file := header(2, 9, 4096)
	binary.BigEndian.PutUint64(file[1024:], 1<<40)
	image, err := diskimage.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	s := image.Stream(nil)
	defer s.Close()
	if _, err := io.ReadAll(s); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("read of a stream of a damaged image: error = %v, want one that says damaged", err)
	}
	if err := s.Err(); err == nil {
		t.Error("Err() = nil, want why the stream has ended")
	}
}

// FuzzOpen: no file makes the reader panic, take more memory than a few tables
// or write another number of bytes than it has said.
func FuzzOpen(f *testing.F) {
	f.Add(header(2, 9, 4096))
	f.Add(header(3, 16, 1<<20))
	compressed := header(3, 9, 4096)
	binary.BigEndian.PutUint64(compressed[1024:], 2048)
	binary.BigEndian.PutUint64(compressed[2048:], 1<<62|3000)
	f.Add(compressed)
	f.Fuzz(func(t *testing.T, file []byte) {
		image, err := diskimage.Open(bytes.NewReader(file), int64(len(file)))
		if err != nil || image.Size > 4<<20 {
			return
		}
		n, err := image.WriteTo(io.Discard)
		if n > image.Size || err == nil && n != image.Size {
			t.Errorf("WriteTo() = %[1]d, %[3]v, want %[2]d, or fewer with an error", n, image.Size, err)
		}
	})
}
