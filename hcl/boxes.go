package hcl

import (
	"fmt"
	"net/url"
	"path"
	"regexp"
	"strings"
)

// ownBoxes is what the names of boxes that fbdock makes itself begin with. A
// box of somebody else under such a name would be taken for one of them.
const ownBoxes = "fbdock/"

func boxName(s string) (problem, detail, hint string) {
	if strings.Contains(s, "://") {
		return "is a URL", `A box is named as in "bento/freebsd-15".`, "set box_url to the URL, and box to the name that the box shall have"
	}
	re := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:/@+~%?=&-]{0,254}$`)
	return matches(re, "is not the name of a box", `A box is named as in "bento/freebsd-15"; box_url takes a URL or a file.`)(s)
}

// boxURL is the HTTPS address of the metadata of a box, or the path of a box
// file. It is no address of a box file: Vagrant takes a server's word for which
// of the two it sends, and checks no checksum of metadata
// (vagrant/action/builtin/box_add.rb, metadata_url?).
func boxURL(s string) (problem, detail, hint string) {
	const rule = "Vagrant runs the Ruby code of a box on this computer. Its metadata comes over HTTPS, as in \"https://boxes.example.com/freebsd.json\"."
	address, plain := strings.CutPrefix(s, "http://")
	switch {
	case !strings.Contains(s, "://") && path.Ext(s) == ".json":
		return "is a file of metadata", "Of the files here only a box itself can be used, as its checksum is known.", "name the box file, and set box_checksum"
	case !strings.Contains(s, "://"):
		return folderName(s)
	case plain:
		return "is not an https:// URL", rule, "try " + quote("https://"+address)
	case !strings.HasPrefix(s, "https://"):
		return "is not an https:// URL", rule, ""
	case !IsBoxMetadata(s):
		return "does not end in .json", rule, "download the box file, set box_url to its path and box_checksum to its checksum"
	}
	return checkURL(s, "https")
}

// boxChecksum is sha256: and 64 hexadecimal digits.
func boxChecksum(s string) (problem, detail, hint string) {
	const rule = `It is written as in "sha256:9f86d081...", with 64 hexadecimal digits.`
	if regexp.MustCompile(`^[0-9A-Fa-f]{64}$`).MatchString(s) {
		return "does not name its algorithm", rule, "write " + quoteAll("sha256:"+strings.ToLower(s))
	}
	return matches(regexp.MustCompile(`^sha256:[0-9A-Fa-f]{64}$`), "is not a SHA-256 checksum", rule)(s)
}

func quoteAll(s string) string { return fmt.Sprintf("%q", s) }

// IsBoxMetadata tells whether box_url names the metadata of boxes, which has a
// checksum and a version for each, rather than a file.
func IsBoxMetadata(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && path.Ext(u.Path) == ".json"
}

// boxSource checks what belongs together of where the box is from.
func (s *scope) boxSource(m Machine) {
	at := func(name string) Range { return rangeOf(s.body.Attributes[name].Range()) }
	_, named := s.body.Attributes["box_url"]
	_, summed := s.body.Attributes["box_checksum"]
	switch {
	case !named && summed:
		s.without("box_checksum", "box_checksum goes with box_url", "The checksum is that of the one file that box_url names.")
	case !named || m.BoxURL == "":
	case strings.HasPrefix(m.Box, ownBoxes):
		s.d.c.fail(at("box_url"), fmt.Sprintf("box_url has no place beside the box %s", quote(m.Box)),
			"Boxes whose names begin with "+ownBoxes+" are made by fbdock itself.", "give the box another name")
	case IsBoxMetadata(m.BoxURL):
		s.without("box_checksum", "box_checksum has no place beside the metadata of a box", "The metadata lists the checksum of each box.")
		if m.Box == "" {
			s.d.c.fail(at("box_url"), "box_url names metadata, and box is not set", "Metadata holds the name of a box, and Vagrant takes no other.",
				`set box to the "name" that the metadata has`)
		}
	default:
		s.without("box_version", "box_version has no place beside a box file", "A file is one version.")
		if !summed {
			s.d.c.fail(at("box_url"), "box_url names a box file, and box_checksum is not set",
				"Vagrant runs the Ruby code of a box on this computer, so a file must be the one that is meant.",
				`add box_checksum = "sha256:..." with what sha256sum prints for the file`)
		}
	}
}
