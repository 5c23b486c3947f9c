package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/image"
	"github.com/docker/docker/api/types/volume"
)

// Contents is what an engine holds: what is lost with it.
type Contents struct {
	Running []string `json:"running"` // names of containers
	Stopped []string `json:"stopped"`
	Volumes []string `json:"volumes"`
	Images  int      `json:"images"`
}

// Contents asks for what the engine holds.
func (c *Client) Contents(ctx context.Context) (Contents, error) {
	var all Contents
	containers, err := c.api.ContainerList(ctx, container.ListOptions{All: true})
	if err != nil {
		return all, c.explain(ctx, err)
	}
	for _, one := range containers {
		name := one.ID
		if len(one.Names) > 0 {
			name = strings.TrimPrefix(one.Names[0], "/")
		}
		if one.State == container.StateRunning || one.State == container.StatePaused {
			all.Running = append(all.Running, name)
		} else {
			all.Stopped = append(all.Stopped, name)
		}
	}
	volumes, err := c.api.VolumeList(ctx, volume.ListOptions{})
	if err != nil {
		return all, c.explain(ctx, err)
	}
	for _, one := range volumes.Volumes {
		all.Volumes = append(all.Volumes, one.Name)
	}
	images, err := c.api.ImageList(ctx, image.ListOptions{})
	if err != nil {
		return all, c.explain(ctx, err)
	}
	all.Images = len(images)
	for _, names := range [][]string{all.Running, all.Stopped, all.Volumes} {
		slices.Sort(names)
	}
	return all, nil
}
