package provision

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/provision/contract"
)

// Inputs are what a payload needs beside the plan.
type Inputs struct {
	Secrets Secrets
	// ImageSHA512 is the digest of the engine image, in hexadecimal; the disk
	// in it travels apart from the payload, to ImagePath.
	ImageSHA512 string
	// Proxy is the host's, for what the machine does not set itself.
	Proxy redact.Proxy
	// JailPins are the lines of the lock file's base systems for jails.
	JailPins string
	// CACertificates are those of plan.Engine.CACertificates, in their order.
	CACertificates []Bundle
}

// rootDisk is the size of the engine's root zvol: room for Alpine, dockerd
// and what is installed later; all images and volumes live on the data zvol.
const rootDisk = 8 * hcl.GiB

// ImagePath is where the FreeBSD guest looks for the disk of the engine image
// with that digest, as a stream of zstd. Beside it, with ".sum" at the end of the
// name, stand the SHA-256 of the stream and the size of the disk.
func ImagePath(sha512 string) string { return contract.Images + "/" + imageStream(sha512) }

func imageStream(sha512 string) string { return sha512[:min(16, len(sha512))] + ".zst" }

// imageFile is the image itself, as Vagrant without fbdock brings it.
func imageFile(sha512 string) string { return sha512[:min(16, len(sha512))] + ".qcow2" }

// SharePath is where a share lies in the FreeBSD guest.
func SharePath(name string) string { return "/fbdock/" + name }

var hexDigest = regexp.MustCompile(`^[0-9a-f]{128}$`)

// Render makes the payload of one machine.
func Render(m plan.Machine, in Inputs) (Payload, error) {
	if !hexDigest.MatchString(in.ImageSHA512) {
		return Payload{}, fmt.Errorf("engine image: %q is no SHA-512 digest", in.ImageSHA512)
	}
	files, err := staticFiles()
	if err != nil {
		return Payload{}, err
	}
	values, err := guestEnv(m, in)
	if err != nil {
		return Payload{}, fmt.Errorf("machine %s: %w", m.Name, err)
	}
	files = append(files, File{"fbdock.env", 0o600, values})
	parts := []func(plan.Machine, Inputs) ([]File, error){seedFiles, clientFiles, provisionFiles, jailFiles}
	if m.Engine.Sibling() {
		parts = parts[1:] // the engine gets it from the host: it holds keys that FreeBSD has no use for
	}
	for _, make := range parts {
		more, err := make(m, in)
		if err != nil {
			return Payload{}, fmt.Errorf("machine %s: %w", m.Name, err)
		}
		files = append(files, more...)
	}
	return newPayload(files), nil
}

// staticFiles are the embedded steps as they lie in the payload: install.sh
// and rc.d beside libexec, which goes to /usr/local/libexec/fbdock as it is.
func staticFiles() ([]File, error) {
	var files []File
	err := fs.WalkDir(static, "guest", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := static.ReadFile(name)
		to := strings.TrimPrefix(name, "guest/")
		if to != "install.sh" && !strings.HasPrefix(to, "rc.d/") {
			to = "libexec/" + to
		}
		files = append(files, File{to, 0o700, data})
		return err
	})
	return files, err
}

// guestEnv is fbdock.env, the only generated data that the steps read.
func guestEnv(m plan.Machine, in Inputs) ([]byte, error) {
	values, err := machineValues(m)
	if err != nil {
		return nil, err
	}
	if m.Engine.Sibling() {
		setup, err := EngineSetup(m, in)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(setup)
		values = append(values, [2]string{"FBDOCK_ENGINE_SETUP", hex.EncodeToString(sum[:])})
	}
	proxy := proxyOf(m, in)
	var out env
	for _, kv := range append(values, [][2]string{
		{"FBDOCK_IMAGE_FILE", imageFile(in.ImageSHA512)},
		{"FBDOCK_IMAGE_STREAM", imageStream(in.ImageSHA512)},
		{"FBDOCK_IMAGE_SHA512", in.ImageSHA512},
		{"FBDOCK_HTTP_PROXY", proxy.HTTP},
		{"FBDOCK_HTTPS_PROXY", proxy.HTTPS},
		{"FBDOCK_NO_PROXY", proxy.No},
	}...) {
		out.set(kv[0], kv[1])
	}
	return out.bytes()
}

// machineValues are those that the plan alone decides.
func machineValues(m plan.Machine) ([][2]string, error) {
	e := m.Engine
	shares, err := shareLines(m.Shares)
	if err != nil {
		return nil, err
	}
	own, user := "no", "vagrant"
	if m.OwnComputer() {
		own, user = "yes", "root"
	}
	return append([][2]string{
		{"FBDOCK_MACHINE", m.Name},
		{"FBDOCK_INSTANCE", m.Instance},
		{"FBDOCK_PROVIDER", m.Provider},
		{"FBDOCK_OWN_COMPUTER", own},
		{"FBDOCK_USER", user},
		{"FBDOCK_POOL", m.Storage.Pool},
		{"FBDOCK_COMPRESSION", m.Storage.Compression},
		{"FBDOCK_ARC_MAX", decimal(m.Storage.ARCMax)},
		{"FBDOCK_HYPERVISOR", e.Hypervisor},
		{"FBDOCK_ROOT_DISK", decimal(rootDisk)},
		{"FBDOCK_ENGINE_CPUS", strconv.Itoa(e.CPUs)},
		{"FBDOCK_ENGINE_MEMORY", decimal(e.Memory / hcl.MiB)},
		{"FBDOCK_ENGINE_DISK", decimal((e.Disk + hcl.MiB - 1) / hcl.MiB * hcl.MiB)},
		{"FBDOCK_ENGINE_MAC", e.MAC},
		{"FBDOCK_BRIDGE", cmp.Or(e.Bridge, "bridge0")},
		{"FBDOCK_TAP", cmp.Or(e.Tap, "tap0")},
		{"FBDOCK_ENGINE_UUID", uuid(m.Instance)},
		{"FBDOCK_DNS", dnsWords(e)},
		{"FBDOCK_GUEST_PORTS", strings.Join(e.GuestPorts, " ")},
		{"FBDOCK_SHARES", shares},
		{"FBDOCK_MOUNTS", mountWords(m.Mounts)},
		{"FBDOCK_PODMAN", yes(m.Podman)},
		{"FBDOCK_ENGINE_ACCESS", yes(m.Podman && m.EngineAccess)},
		{"FBDOCK_STOP_TIMEOUT", seconds(cmp.Or(m.Timeouts.Stop, stopTimeout))},
	}, append(reachValues(m), jailValues(m)...)...), nil
}

// stopTimeout is how long the engine may take to power itself off.
const stopTimeout = time.Minute

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

func decimal(s hcl.Size) string { return strconv.FormatUint(uint64(s), 10) }

// uuid is the engine's SMBIOS identity: the same for the same machine, in
// the form of a version 8 UUID.
func uuid(instance string) string {
	b := sha256.Sum256([]byte("fbdock engine " + instance))
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

func dnsWords(e plan.Engine) string {
	words := make([]string, len(e.DNS))
	for i, a := range e.DNS {
		words[i] = a.String()
	}
	return strings.Join(words, " ")
}

// mountWords is not empty when the guest needs sshfs.
func mountWords(mounts []plan.Mount) string {
	if slices.ContainsFunc(mounts, func(m plan.Mount) bool { return !m.Copied() }) {
		return "sshfs"
	}
	return ""
}

var (
	shareName   = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)
	shareTarget = regexp.MustCompile(`^/[A-Za-z0-9._/+@-]*$`)
)

// shareLines is one line "NAME TYPE TARGET" for each share, words that need
// no quoting in fstab, exports and on bhyve's command line.
func shareLines(shares []plan.Share) (string, error) {
	var lines []string
	for _, s := range shares {
		if !shareName.MatchString(s.Name) {
			return "", fmt.Errorf("share %q: the name must be a DNS label", s.Name)
		}
		target := path.Clean(cmp.Or(s.Target, "/"+s.Name))
		if !shareTarget.MatchString(target) || target == "/" {
			return "", fmt.Errorf("share %q: %q is no mount point: use an absolute path of letters, digits and ._+@-", s.Name, s.Target)
		}
		if s.Type != "9p" && s.Type != "nfs" {
			return "", fmt.Errorf("share %q: type %q is neither 9p nor nfs", s.Name, s.Type)
		}
		lines = append(lines, s.Name+" "+s.Type+" "+target)
	}
	return strings.Join(lines, "\n"), nil
}

// proxyOf is the machine's own proxy, else the host's; a proxy on the
// host's loopback is of no use in a guest. What lies in the engine's
// network is never asked of a proxy.
func proxyOf(m plan.Machine, in Inputs) redact.Proxy {
	p := m.Engine.Proxy
	p.HTTP = cmp.Or(p.HTTP, reachable(in.Proxy.HTTP))
	p.HTTPS = cmp.Or(p.HTTPS, reachable(in.Proxy.HTTPS))
	p.No = cmp.Or(p.No, in.Proxy.No)
	if p.HTTP == "" && p.HTTPS == "" {
		return redact.Proxy{}
	}
	own := "localhost,127.0.0.1"
	if m.Engine.Network.IsValid() {
		own += "," + m.Engine.Network.Masked().String()
	}
	if p.No == "" {
		p.No = own
	} else {
		p.No += "," + own
	}
	return p
}

func reachable(proxy string) string {
	u, err := url.Parse(proxy)
	if err != nil || u.Hostname() == "localhost" || u.Hostname() == "::1" || strings.HasPrefix(u.Hostname(), "127.") {
		return ""
	}
	return proxy
}

// provisionFiles are the user's own scripts; the name of the file carries
// order and place to fbdock-provision.
func provisionFiles(m plan.Machine, _ Inputs) ([]File, error) {
	var files []File
	for i, p := range m.Provisions {
		if !shareName.MatchString(p.Name) {
			return nil, fmt.Errorf("provision %q: the name must be a DNS label", p.Name)
		}
		if p.On != "freebsd" && p.On != "engine" {
			return nil, fmt.Errorf("provision %q: on = %q is neither freebsd nor engine", p.Name, p.On)
		}
		if i > 99 {
			return nil, fmt.Errorf("provision %q: more than 100 scripts", p.Name)
		}
		files = append(files, File{fmt.Sprintf("provisions/%02d-%s-%s", i, p.On, p.Name), 0o600, []byte(p.Inline)})
	}
	return files, nil
}
