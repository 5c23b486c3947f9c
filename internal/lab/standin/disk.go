//go:build linux

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func diskCommands() map[string]command {
	return map[string]command{"gpart": gpart, "geom": geom, "diskinfo": diskinfo, "fstyp": fstyp, "swapinfo": swapinfo, "glabel": glabel,
		"growfs": growfs, "mount": mountCmd, "umount": umountCmd}
}

// zfsLabel stands where a real pool has its first label.
const zfsLabel = "LABZFS "

// disk gives the file behind a disk of the machine.
func disk(l *lab, name string) (string, bool) {
	name = strings.TrimPrefix(name, "/dev/")
	if name == "" || strings.Contains(name, "/") {
		return "", false
	}
	if slices.Contains(strings.Fields(l.conf("disks", "cd0 vtbd1 vtbd0")), name) {
		return l.path(lasting + "disks/" + name), true
	}
	return "", false
}

// content says what lies on a disk: "" nothing, "zfs", "gpt", or "data" for what has no name.
func content(l *lab, name string) string {
	if name == "vtbd0" {
		return "gpt"
	}
	file, ok := disk(l, name)
	if !ok {
		return ""
	}
	handle, err := os.Open(file)
	if err != nil {
		return ""
	}
	defer handle.Close()
	head := make([]byte, 64<<10)
	n, _ := io.ReadFull(handle, head)
	head = head[:n]
	switch {
	case n > 16<<10 && bytes.HasPrefix(head[16<<10:], []byte(zfsLabel)):
		return "zfs"
	case n > 520 && bytes.Equal(head[512:520], []byte("EFI PART")):
		return "gpt"
	case len(bytes.Trim(head, "\x00")) > 0:
		return "data"
	}
	return ""
}

func diskSize(l *lab, name string) int64 {
	if name == "vtbd0" {
		return 6979379200
	}
	file, ok := disk(l, name)
	if info, err := os.Stat(file); ok && err == nil && name != "cd0" {
		return info.Size()
	}
	return 0
}

const rootTable = "=>      34  13631533  vtbd0  GPT  (6.5G)\n        34        45      1  freebsd-boot  (23K)\n        79   1048576      2  freebsd-swap  (512M)\n   1048655  12582912      3  freebsd-ufs  (6.0G)\n\n"

func gpart(l *lab) int {
	if len(l.args) == 0 {
		l.errorf("usage: gpart add|backup|bootcode|commit|create|delete|destroy|modify|recover|resize|restore|set|show|status|undo|unset [...]\n")
		return 1
	}
	subcommand := l.args[0]
	_, rest, bad := getopt(l.args[1:], "lpr")
	if bad != "" {
		l.errorf("gpart: %s\n", bad)
		return 1
	}
	switch subcommand {
	case "show", "status", "backup":
		names := rest
		if len(names) == 0 {
			names = []string{"vtbd0"}
		}
		for _, name := range names {
			name = strings.TrimPrefix(name, "/dev/")
			if content(l, name) != "gpt" {
				return l.fail("No such geom: %s.", name)
			}
			switch {
			case subcommand == "backup":
				l.printf("GPT 128\n1   freebsd-boot       34       45 bootfs \n2   freebsd-swap       79  1048576 swapfs \n3    freebsd-ufs  1048655 12582912 rootfs \n")
			case name == "vtbd0":
				l.printf("%s", rootTable)
			default:
				l.printf("=>      34  %d  %s  GPT\n", diskSize(l, name)/512-67, name)
			}
		}
		return 0
	case "create", "destroy", "add", "delete", "bootcode", "resize", "modify", "set", "unset", "recover", "restore", "commit", "undo":
		return l.fail("lab: the steps of fbdock never write a partition table")
	}
	l.errorf("gpart: Unknown command: %s.\n", subcommand)
	return 1
}

func geom(l *lab) int {
	if len(l.args) >= 2 && l.args[0] == "label" && l.args[1] == "status" {
		l.args = l.args[1:]
		return glabel(l)
	}
	if len(l.args) < 2 || l.args[0] != "disk" || l.args[1] != "list" {
		l.errorf("usage: geom <class> <command> [args]\n")
		return 1
	}
	names := l.args[2:]
	if len(names) == 0 {
		names = strings.Fields(l.conf("disks", "cd0 vtbd1 vtbd0"))
	}
	for _, name := range names {
		name = strings.TrimPrefix(name, "/dev/")
		if _, ok := disk(l, name); !ok {
			l.errorf("geom: Class 'DISK' does not have an instance named '%s'.\n", name)
			return 1
		}
		mode := "r0w0e0"
		if name == "vtbd0" || inPool(l, name) {
			mode = "r1w1e2"
		}
		n := diskSize(l, name)
		l.printf("Geom name: %s\nProviders:\n1. Name: %s\n   Mediasize: %d (%s)\n   Sectorsize: 512\n   Mode: %s\n   descr: (null)\n   ident: (null)\n   rotationrate: unknown\n   fwsectors: 63\n   fwheads: 16\n\n",
			name, name, n, strings.Replace(fmt.Sprintf("%.1f%s", float64(n)/float64(int64(1)<<30), "G"), "0.0G", "0B", 1), mode)
	}
	return 0
}

func inPool(l *lab, disk string) bool {
	for _, p := range loadZFS(l).Pools {
		if contains(p.Vdevs, disk) && !p.Exported {
			return true
		}
	}
	return false
}

func diskinfo(l *lab) int {
	_, rest, bad := getopt(l.args, "citSvwlps")
	if bad != "" || len(rest) == 0 {
		l.errorf("usage: diskinfo [-cipsStvw] disk ...\n       diskinfo [-l] [-p] disk ...\n")
		return 1
	}
	for _, name := range rest {
		name = strings.TrimPrefix(name, "/dev/")
		n := diskSize(l, name)
		if _, ok := disk(l, name); !ok || n == 0 {
			return l.fail("%s: No such file or directory", name)
		}
		l.printf("%s\t512\t%d\t%d\t0\t0\t%d\t16\t63\n", name, n, n/512, n/512/16/63)
	}
	return 0
}

func fstyp(l *lab) int {
	opts, rest, bad := getopt(l.args, "lsu")
	if bad != "" || len(rest) != 1 {
		l.errorf("usage: fstyp [-l] [-s] [-u] special\n")
		return 1
	}
	short := strings.TrimPrefix(rest[0], "/dev/")
	if short == "vtbd0p3" {
		l.printf("ufs\n")
		return 0
	}
	if strings.HasPrefix(short, "vtbd0p") {
		return l.fail("%s: filesystem not recognized", rest[0])
	}
	if file, ok := disk(l, short); ok {
		if content(l, short) == "zfs" {
			l.printf("zfs\n")
			return 0
		}
		if _, err := os.Stat(file); err != nil && short != "vtbd0" {
			return l.fail("%s: Device not configured", rest[0])
		}
		return l.fail("%s: filesystem not recognized", rest[0])
	}
	text, err := os.ReadFile(l.path(rest[0]))
	if err != nil {
		return l.fail("%s: No such file or directory", rest[0])
	}
	if len(text) > 32808+32 && string(text[32769:32774]) == "CD001" {
		label := strings.TrimSpace(string(text[32808 : 32808+32]))
		if has(opts, 'l') && label != "" {
			l.printf("cd9660 %s\n", label)
		} else {
			l.printf("cd9660\n")
		}
		return 0
	}
	return l.fail("%s: filesystem not recognized", rest[0])
}

func swapinfo(l *lab) int {
	if _, _, bad := getopt(l.args, "ghkm"); bad != "" {
		l.errorf("usage: swapinfo [-ghkm] [device]\n")
		return 1
	}
	l.printf("Device          512-blocks     Used    Avail Capacity\n/dev/gpt/swapfs    1048576        0  1048576     0%%\n")
	return 0
}

func glabel(l *lab) int {
	if len(l.args) == 0 || l.args[0] != "status" && l.args[0] != "list" {
		l.errorf("usage: glabel status|list\n")
		return 1
	}
	l.printf("      Name  Status  Components\ngpt/bootfs     N/A  vtbd0p1\ngpt/swapfs     N/A  vtbd0p2\ngpt/rootfs     N/A  vtbd0p3\n")
	return 0
}

func growfs(l *lab) int {
	_, rest, bad := getopt(l.args, "Nys:")
	if bad != "" {
		l.errorf("growfs: %s\n", bad)
	}
	if bad != "" || len(rest) != 1 {
		l.errorf("usage: growfs [-Ny] [-s size] special | filesystem\n")
		return 1
	}
	return 0
}

// mountCmd lists what is mounted in FreeBSD's forms and mounts nothing but what the steps ask for.
func mountCmd(l *lab) int {
	opts, rest, bad := getopt(l.args, "adfF:lno:prt:uvw")
	if bad != "" {
		l.errorf("mount: %s\nusage: mount [-adflpruvw] [-F fstab] [-o options] [-t ufs | external_type]\n       mount [-dfpruvw] special | node\n", bad)
		return 1
	}
	if len(rest) > 0 {
		if value(opts, 't') == "fdescfs" || rest[len(rest)-1] == fdescfsAt {
			return mountFdescfs(l, opts, rest)
		}
		if l.fake {
			return 0
		}
		return l.pass(l.args...)
	}
	defer l.lock()()
	line := func(from, at, kind string) {
		switch {
		case has(opts, 't') && value(opts, 't') != kind:
		case has(opts, 'p'):
			l.printf("%s\t\t%s\t\t%s\trw\t0 0\n", from, at, kind)
		default:
			l.printf("%s on %s (%s)\n", from, at, kind)
		}
	}
	s := loadZFS(l)
	if l.conf("root", "ufs") == "zfs" {
		line("zroot/ROOT/default", "/", "zfs")
	} else {
		line("/dev/gpt/rootfs", "/", "ufs")
	}
	line("devfs", "/dev", "devfs")
	if fdescfs(l) {
		line("fdescfs", fdescfsAt, "fdescfs")
	}
	for _, name := range mounts(l) {
		if s.get(name) == nil {
			continue
		}
		if at, _, _ := mountpoint(s, name); at != "/" {
			line(name, at, "zfs")
		}
	}
	for text := range strings.Lines(l.read("/proc/mounts")) {
		if f := strings.Fields(text); len(f) > 3 && strings.HasPrefix(f[2], "fuse.") {
			line(f[0], f[1], "fusefs."+strings.TrimPrefix(f[2], "fuse."))
		}
	}
	return 0
}

func umountCmd(l *lab) int {
	_, rest, bad := getopt(l.args, "AafF:h:nNt:v")
	if bad != "" || len(rest) == 0 {
		l.errorf("usage: umount [-fNnv] special ... | node ... | fsid ...\n")
		return 1
	}
	if rest[0] == fdescfsAt {
		return umountFdescfs(l)
	}
	if l.fake {
		return 0
	}
	return l.pass(append([]string{"-l"}, rest...)...)
}
