package main

import (
	"bytes"
	"crypto/sha512"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/ulikunitz/xz"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/boxes/disk/disktest"
	"github.com/fbdock/fbdock/boxes/signtest"
)

// fakeBoxes is a vagrant that keeps a list of boxes in boxes.list, and the last
// one of each provider as PROVIDER.box.
func fakeBoxes(args []string) {
	list := filepath.Join(os.Getenv("WORK"), "boxes.list")
	text, _ := os.ReadFile(list)
	switch strings.Join(args[:min(2, len(args))], " ") {
	case "--version":
		fmt.Println("Vagrant 2.4.9")
	case "box list":
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			fmt.Printf("1,,box-name,%s\n1,,box-provider,%s\n1,,box-version,%s\n", f[0], f[1], f[2])
		}
	case "box add":
		var catalogue struct {
			Name     string
			Versions []struct {
				Version   string
				Providers []struct{ Name, URL string }
			}
		}
		data, err := os.ReadFile(args[2])
		if err == nil {
			err = json.Unmarshal(data, &catalogue)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		v := catalogue.Versions[0]
		box, err := os.ReadFile(strings.TrimPrefix(v.Providers[0].URL, "file://"))
		if err == nil {
			err = os.WriteFile(filepath.Join(os.Getenv("WORK"), v.Providers[0].Name+".box"), box, 0o600)
		}
		text = fmt.Appendf(text, "%s %s %s\n", catalogue.Name, v.Providers[0].Name, v.Version)
		if err := errors.Join(err, os.WriteFile(list, text, 0o600)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	default:
		fmt.Fprintf(os.Stderr, "fake vagrant knows no %q\n", args)
		os.Exit(1)
	}
}

// faulty is a disk with a fault: other bytes, no intact table, its end cut off, or
// more than its table says. Another fault is none.
func faulty(image []byte, fault string) []byte {
	switch fault {
	case "other":
		image[len(image)-1024*1024]++
	case "table":
		image[600]++
	case "short":
		image = image[:5<<20]
	case "long":
		image = append(image, make([]byte, 8<<20)...)
		image[len(image)-1] = 1
	}
	return image
}

// cloudImage publishes an image of FreeBSD 15.1, whole or with a fault, with
// its right digest: cloudimage good|other|arm64|table|short|long.
func cloudImage(ts *testscript.TestScript, _ bool, args []string) {
	image := disktest.CloudImage()
	if args[0] == "arm64" {
		copy(image[100<<10:], "BOOTAA64EFI")
	}
	image = faulty(image, args[0])
	var packed bytes.Buffer
	w, err := xz.NewWriter(&packed)
	ts.Check(err)
	_, err = w.Write(image)
	ts.Check(errors.Join(err, w.Close()))
	dir := ts.MkAbs("published/releases/VM-IMAGES/15.1-RELEASE/amd64/Latest")
	ts.Check(os.MkdirAll(dir, 0o700))
	const name = "FreeBSD-15.1-RELEASE-amd64-BASIC-CLOUDINIT-zfs.raw.xz"
	ts.Check(os.WriteFile(filepath.Join(dir, name), packed.Bytes(), 0o600))
	sum := fmt.Sprintf("SHA512 (%s) = %x\n", name, sha512.Sum512(packed.Bytes()))
	ts.Check(os.WriteFile(filepath.Join(dir, "CHECKSUM.SHA512"), []byte(sum), 0o600))
}

// alpineImage publishes the catalogue's image of Alpine for an architecture, with
// a boot loader and perhaps a fault: alpineimage NAME ARCH LOADER [FAULT]; or makes a file of one's own:
// alpineimage file PATH LOADER.
func alpineImage(ts *testscript.TestScript, _ bool, args []string) {
	data := disktest.Raw(8<<20, disktest.Partition{Name: "EFI", Start: 1024, End: 2047}, disktest.Partition{Name: "/", Start: 2048, End: 16300})
	copy(data[1030*512:], args[2])
	if args[0] == "file" {
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), data, 0o600))
		return
	}
	catalogue, err := boxes.Default()
	ts.Check(err)
	image, err := catalogue.Image(args[0], args[1])
	ts.Check(err)
	if len(args) > 3 {
		data = faulty(data, args[3])
	}
	file := ts.MkAbs("published" + strings.TrimPrefix(image.URLs[0], image.Mirrors[0]))
	ts.Check(os.MkdirAll(filepath.Dir(file), 0o700))
	ts.Check(os.WriteFile(file, data, 0o600))
	ts.Check(os.WriteFile(file+".sha512", fmt.Appendf(nil, "%x  %s\n", sha512.Sum512(data), filepath.Base(file)), 0o600))
}

// signImage signs the catalogue's image of Alpine that alpineimage has published,
// with a new key, and sets FBDOCK_TEST_SIGNER to its fingerprint: signimage NAME
// ARCH.
func signImage(ts *testscript.TestScript, _ bool, args []string) {
	catalogue, err := boxes.Default()
	ts.Check(err)
	image, err := catalogue.Image(args[0], args[1])
	ts.Check(err)
	file := ts.MkAbs("published" + strings.TrimPrefix(image.URLs[0], image.Mirrors[0]))
	data, err := os.ReadFile(file)
	ts.Check(err)
	signer, err := signtest.New()
	ts.Check(err)
	signature, err := signer.Sign(data)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("published/signer.asc"), signer.Key, 0o600))
	ts.Check(os.WriteFile(file+".asc", signature, 0o600))
	ts.Setenv("FBDOCK_TEST_SIGNER", signer.Fingerprint)
}
