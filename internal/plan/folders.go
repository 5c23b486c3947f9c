package plan

import (
	"fmt"

	"github.com/fbdock/fbdock/hcl"
)

func (b *builder) mounts() []Mount {
	var mounts []Mount
	seen := map[string]int{}
	for i, in := range b.in.Mounts {
		path := fmt.Sprintf("mount.%d", i)
		m := Mount{Source: b.abs(in.Source), Target: in.Target, ReadOnly: in.ReadOnly, Type: or(in.Type, "sshfs")}
		if b.laptop.IsDir != nil && !b.laptop.IsDir(m.Source) {
			b.report(hcl.Error, path, "create the folder or remove the mount", "no such folder",
				fmt.Sprintf("%s does not exist or is no folder.", m.Source))
		}
		if m.Target == "" && b.laptop.GuestPath != nil {
			target, err := b.laptop.GuestPath(m.Source)
			if err != nil {
				b.failed(path, "folder cannot be mounted", err)
			}
			m.Target = target
		}
		if first, ok := seen[m.Target]; ok && m.Target != "" {
			b.report(hcl.Error, path, "remove one of them or give it another target", "two mounts at one place",
				fmt.Sprintf("%s is mounted at %s, as is %s.", m.Source, m.Target, mounts[first].Source))
		}
		seen[m.Target] = i
		mounts = append(mounts, m)
	}
	return mounts
}

func (b *builder) shares(mounts []Mount) []Share {
	var shares []Share
	used := map[string]string{}
	for _, m := range mounts {
		used[m.Target] = "the mount of " + m.Source
	}
	for i, in := range b.in.Shares {
		s := Share{Name: in.Name, Type: or(in.Type, "9p"), Target: or(in.Target, "/"+in.Name)}
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
		p := Provision{Name: in.Name, On: or(in.On, "freebsd"), Inline: in.Inline}
		if in.Script != "" {
			p.Script = b.file(fmt.Sprintf("provision.%d.script", i), in.Script)
		}
		provisions = append(provisions, p)
	}
	return provisions
}
