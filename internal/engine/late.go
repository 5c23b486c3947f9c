package engine

import (
	"context"
	"path"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/filters"
)

// maxLate is how many containers are looked at after one mount.
const maxLate = 500

// StartLate starts the containers that are to run by their restart policy,
// and that dockerd could not start for want of one of the folders: dockerd
// itself tries once. It gives the names of those that it has started, and
// of each that does not start the reason.
func (c *Client) StartLate(ctx context.Context, folders []string) (started []string, failed map[string]error, err error) {
	all, err := c.api.ContainerList(ctx, container.ListOptions{
		All: true, Limit: maxLate, Filters: filters.NewArgs(filters.Arg("status", "created"), filters.Arg("status", "exited")),
	})
	if err != nil {
		return nil, nil, c.explain(ctx, err)
	}
	failed = map[string]error{}
	for _, one := range all {
		if !binds(one, folders) {
			continue
		}
		info, err := c.api.ContainerInspect(ctx, one.ID)
		if err != nil {
			return started, failed, c.explain(ctx, err)
		}
		if !wanted(info) || !blames(info, folders) {
			continue
		}
		if err := c.api.ContainerStart(ctx, one.ID, container.StartOptions{}); err != nil {
			failed[nameOf(one)] = c.explain(ctx, err)
			continue
		}
		started = append(started, nameOf(one))
	}
	return started, failed, nil
}

// binds tells whether a container has a bind of a folder, or below one.
func binds(one container.Summary, folders []string) bool {
	for _, m := range one.Mounts {
		for _, folder := range folders {
			if m.Type == "bind" && below(m.Source, folder) {
				return true
			}
		}
	}
	return false
}

func below(name, folder string) bool {
	folder = strings.TrimSuffix(folder, "/")
	name = path.Clean(name)
	return name == folder || strings.HasPrefix(name, folder+"/")
}

// wanted tells whether dockerd is to keep a container running. What it does
// not start at its own start, "on-failure" and what was stopped by hand, has
// no error of a start.
func wanted(info container.InspectResponse) bool {
	if info.ContainerJSONBase == nil || info.HostConfig == nil || info.State == nil || info.State.Running {
		return false
	}
	p := info.HostConfig.RestartPolicy
	return p.IsAlways() || p.IsUnlessStopped() || p.IsOnFailure()
}

// blames tells whether the last start failed over one of the folders. dockerd
// names the source of a bind that it cannot make or mount, and clears the error
// with the next start that works.
func blames(info container.InspectResponse, folders []string) bool {
	for _, folder := range folders {
		if strings.Contains(info.State.Error, strings.TrimSuffix(folder, "/")) {
			return true
		}
	}
	return false
}

func nameOf(one container.Summary) string {
	name := one.ID
	if len(one.Names) > 0 {
		name = strings.TrimPrefix(one.Names[0], "/")
	}
	return word(name)
}
