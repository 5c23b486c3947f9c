package cloudbox

import (
	"archive/tar"
	"compress/gzip"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// What every machine made of a box gets first.
var (
	//go:embed seed/Vagrantfile
	vagrantfile []byte
	//go:embed seed/alpine/Vagrantfile
	alpineVagrantfile []byte
)

// efiVagrantfile follows the other one in boxes of VirtualBox whose image boots by
// UEFI alone: a descriptor of OVF 1.0 names no firmware.
const efiVagrantfile = `
Vagrant.configure("2") do |config|
  config.vm.provider("virtualbox") { |v| v.customize ["modifyvm", :id, "--firmware", "efi"] }
end
`

// member is one file of a box.
type member struct {
	name string
	data []byte // nil is the disk
}

func (b Box) members(diskSize int64) ([]member, error) {
	metadata := map[string]any{"provider": string(b.Format), "architecture": b.Source.Architecture}
	if b.Format == Libvirt {
		metadata["format"], metadata["virtual_size"] = "qcow2", b.Size>>30
	}
	meta, err := json.Marshal(metadata)
	if err != nil {
		return nil, err
	}
	made := map[string]string{"made by": "fbdock, of FreeBSD's official cloud image", "image": b.Source.File(), "sha512": b.SHA512}
	settings := vagrantfile
	if b.Source.System() == Alpine {
		made["made by"], settings = "fbdock, of Alpine's official cloud image", alpineVagrantfile
	}
	if b.Format == VirtualBox && b.Source.UEFI {
		settings = append(slices.Clip(settings), efiVagrantfile...)
	}
	info, err := json.Marshal(made)
	if err != nil {
		return nil, err
	}
	members := []member{{"metadata.json", meta}, {"info.json", info}, {"Vagrantfile", settings}}
	f := b.form()
	if f.descriptor != "" {
		data, err := b.describe(f, diskSize)
		if err != nil {
			return nil, err
		}
		members = append(members, member{f.descriptor, data})
	}
	return append(members, member{f.disk, nil}), nil
}

// archive packs the box. The fastest compression is enough: the archive
// only lives until Vagrant has unpacked it.
func archive(ctx context.Context, b Box, disk, out string) (err error) {
	f, err := os.OpenFile(out, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewWriterLevel(f, gzip.BestSpeed)
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	info, err := os.Stat(disk)
	if err != nil {
		return err
	}
	members, err := b.members(info.Size())
	if err != nil {
		return err
	}
	for _, m := range members {
		if err := m.write(ctx, w, disk); err != nil {
			return err
		}
	}
	return errors.Join(w.Close(), z.Close(), f.Sync())
}

func (m member) write(ctx context.Context, w *tar.Writer, disk string) error {
	if m.data != nil {
		if err := w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.data))}); err != nil {
			return err
		}
		_, err := w.Write(m.data)
		return err
	}
	f, err := os.Open(disk)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := w.WriteHeader(&tar.Header{Name: m.name, Mode: 0o644, Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(w, counted(ctx, f, info.Size(), nil))
	return err
}

// Catalogue is what `vagrant box add` reads to give the box at file its name
// and its version.
func (b Box) Catalogue(file, sha256 string) ([]byte, error) {
	path := filepath.ToSlash(file)
	if !strings.HasPrefix(path, "/") {
		path = "/" + path // C:/...
	}
	type provider struct {
		Name         string `json:"name"`
		URL          string `json:"url"`
		ChecksumType string `json:"checksum_type"`
		Checksum     string `json:"checksum"`
		Architecture string `json:"architecture"`
		Default      bool   `json:"default_architecture"`
	}
	type version struct {
		Version   string     `json:"version"`
		Providers []provider `json:"providers"`
	}
	return json.MarshalIndent(struct {
		Name        string    `json:"name"`
		Description string    `json:"description"`
		Versions    []version `json:"versions"`
	}{
		b.Name(), b.Source.Name() + ", made by fbdock of the official cloud image",
		[]version{{b.Version(), []provider{{
			string(b.Format), (&url.URL{Scheme: "file", Path: path}).String(), "sha256", sha256, b.Source.Architecture, true,
		}}}},
	}, "", "  ")
}
