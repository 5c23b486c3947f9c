package app

import (
	"fmt"
	"strings"
	"time"

	"github.com/fbdock/fbdock/boxes"
	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/internal/failure"
	"github.com/fbdock/fbdock/internal/images"
	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/internal/project"
	"github.com/fbdock/fbdock/internal/redact"
	"github.com/fbdock/fbdock/platforms"
)

// addBox adds what is to be said of a machine's box and of the support that
// its systems have, and answers with the check of the box.
func addBox(o project.Options, d *platforms.Diagnosis, arch string, in hcl.Machine, image plan.Image) platforms.Check {
	c, box := boxCheck(o.Catalogue, arch, d.Provider, in)
	d.Add(c)
	if image.Name == "" { // no configuration: the pick
		image, _ = o.Catalogue.Image(plan.DefaultImage, arch)
	}
	d.Add(supportCheck(box, image, o.Day()))
	return c
}

// boxCheck asks the catalogue for a box that fits, unless the user says where
// it is from.
func boxCheck(catalogue plan.Catalogue, arch, provider string, in hcl.Machine) (platforms.Check, plan.Box) {
	c := platforms.Check{Name: "box", Result: platforms.Pass}
	switch {
	case provider == "":
		c.Result, c.Seen = platforms.Skip, "it depends on the provider"
		return c, plan.Box{}
	case provider == plan.ProviderSSH || provider == plan.ProviderNative:
		c.Result, c.Seen = platforms.Skip, "none: FreeBSD is there already"
		return c, plan.Box{}
	case in.BoxURL != "":
		c.Seen = "from " + redact.URL(in.BoxURL) + ", as box_url says"
		return c, plan.Box{}
	}
	box, err := catalogue.Box(provider, arch, in.Box)
	c.Seen = box.Name + " for " + box.Architecture
	switch {
	case err != nil:
		c.Result, c.Seen, c.Why = platforms.Fail, err.Error(), "the box is the disk that the FreeBSD guest starts from"
		c.Fix.Text = failure.Hint(err)
	case box.Own:
		c.Seen += ", made by fbdock of FreeBSD's cloud image when it is needed"
	default:
		why := box.Notes
		if box.Registry != "" {
			why = append(why, "it comes from the "+box.Registry)
			c.Fix.Text = "keep a copy of the box, and set box_url to the file and box_checksum to its checksum"
			if box.Instead != "" {
				c.Fix.Text = fmt.Sprintf("set box = %q for new machines: fbdock makes it of FreeBSD's own image, without the registry", box.Instead)
			}
		}
		if len(why) > 0 {
			c.Result, c.Why = platforms.Warn, strings.Join(why, "; ")
		}
	}
	return c, box
}

// supportCheck says until when FreeBSD and the engine's system get fixes.
func supportCheck(box plan.Box, image plan.Image, today time.Time) platforms.Check {
	c := platforms.Check{Name: "support", Result: platforms.Pass}
	var seen []string
	add := func(name string, day boxes.Day) {
		switch {
		case day == "":
			return
		case day.Passed(today):
			c.Result, c.Why = platforms.Warn, "known holes stay open"
			c.Fix.Text = "`fbdock boxes` lists newer ones"
			seen = append(seen, fmt.Sprintf("%s gets no more fixes since %s", name, day))
		default:
			seen = append(seen, fmt.Sprintf("%s gets fixes until %s", name, day))
		}
	}
	if images.IsSnapshot(box.Name) {
		c.Result, c.Why = platforms.Warn, "known holes stay open until a box of a newer snapshot is made"
		c.Fix.Text = "use a release where that matters: `fbdock boxes` lists them"
		seen = append(seen, "the box "+box.Name+" is of a snapshot, which has no end of support and gets no fixes")
	}
	add("FreeBSD "+box.Release, boxes.Day(box.EndOfSupport))
	add(image.Name, boxes.Day(image.EndOfSupport))
	if c.Seen = strings.Join(seen, ", "); c.Seen == "" {
		c.Result, c.Seen = platforms.Skip, "not known"
	}
	return c
}
