package plan

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/fbdock/fbdock/hcl"
)

func (b *builder) mounts(own bool) []Mount {
	var mounts []Mount
	seen := map[string]int{}
	for i, in := range b.in.Mounts {
		at := fmt.Sprintf("mount.%d", i)
		m := Mount{Source: b.abs(in.Source), Target: in.Target, ReadOnly: in.ReadOnly, Type: cmp.Or(MountType(in.Type), SSHFS), Exclude: in.Exclude}
		if b.host.IsDir != nil && !b.host.IsDir(m.Source) {
			b.report(hcl.Error, at, "create the folder or remove the mount", "no such folder",
				fmt.Sprintf("%s does not exist or is no folder.", m.Source))
		}
		if b.host.Private != nil {
			if private := b.host.Private(m.Source); private != "" {
				b.report(hcl.Error, at, "mount another folder", "folder is private to fbdock",
					fmt.Sprintf("%s leads to %s, where fbdock keeps what no guest may see.", m.Source, private))
			}
		}
		if m.Target == "" && b.host.GuestPath != nil {
			target, err := b.host.GuestPath(m.Source)
			if err != nil {
				b.failed(at, "folder cannot be mounted", err)
			}
			m.Target = target
		}
		if first, ok := seen[m.Target]; ok && m.Target != "" {
			b.report(hcl.Error, at, "remove one of them or give it another target", "two mounts at one place",
				fmt.Sprintf("%s is mounted at %s, as is %s.", m.Source, m.Target, mounts[first].Source))
		}
		seen[m.Target] = i
		mounts = append(mounts, m)
		b.copies(at, m, own)
	}
	b.nested(mounts)
	return mounts
}

// copies finds what does not go together with the type of a mount.
func (b *builder) copies(at string, m Mount, own bool) {
	switch {
	case !m.Copied() && len(m.Exclude) > 0:
		b.report(hcl.Error, at, `add type = "copy", or leave exclude out`, "nothing is excluded from a live mount",
			fmt.Sprintf("%s is mounted as it is; only a copy can do without some of it.", m.Source))
	case m.Copied() && m.ReadOnly:
		b.report(hcl.Error, at, "leave read_only out", "a copy is not read-only",
			"What the guests write into their copy never comes to the host.")
	case m.Copied() && own:
		b.report(hcl.Error, at, `leave type = "copy" out: the folder is mounted live then`, "no copies on a computer of your own",
			"The copy would be left there when the machine is destroyed.")
	}
	for _, pattern := range m.Exclude {
		if _, err := path.Match(pattern, ""); err != nil {
			b.report(hcl.Error, at, "close the bracket, or write a backslash before it", "bad pattern",
				fmt.Sprintf("exclude has %q, which is no pattern.", pattern))
		}
	}
}

// nested finds copies within other mounts and around them: each would write
// into the other, and by way of a live mount into the host's own folder.
func (b *builder) nested(mounts []Mount) {
	for i, inner := range mounts {
		for _, outer := range mounts {
			if strings.HasPrefix(inner.Target, strings.TrimSuffix(outer.Target, "/")+"/") && (inner.Copied() || outer.Copied()) {
				b.report(hcl.Error, fmt.Sprintf("mount.%d", i), `give it a target outside, or leave type = "copy" out`, "a copy and another mount at one place",
					fmt.Sprintf("%s lies in %s, and one of them is a copy.", inner.Target, outer.Target))
			}
		}
	}
}

func (b *builder) shares(machine Machine) []Share {
	var shares []Share
	used := map[string]string{}
	for _, m := range machine.Mounts {
		used[m.Target] = "the mount of " + m.Source
	}
	for i, in := range b.in.Shares {
		s := Share{Name: in.Name, Type: cmp.Or(in.Type, "9p"), Target: cmp.Or(in.Target, "/"+in.Name)}
		if machine.Engine.Sibling() {
			s.Type = b.siblingShare(fmt.Sprintf("share.%d", i), machine.Provider, in.Type)
		}
		if owner, ok := used[s.Target]; ok {
			b.report(hcl.Error, fmt.Sprintf("share.%d", i), "give the share another target", "two folders at one place",
				fmt.Sprintf("%s is already the place of %s.", s.Target, owner))
		}
		used[s.Target] = "share " + s.Name
		shares = append(shares, s)
	}
	return shares
}

// provisions carries inline text only: a script file is read by whoever
// may read files and handed over as Inline.
func (b *builder) provisions() []Provision {
	var provisions []Provision
	for i, in := range b.in.Provisions {
		p := Provision{Name: in.Name, On: cmp.Or(in.On, "freebsd"), Inline: in.Inline}
		if in.Script != "" {
			p.Script = b.file(fmt.Sprintf("provision.%d.script", i), in.Script)
		}
		provisions = append(provisions, p)
	}
	return provisions
}
