package command

import (
	"slices"

	"github.com/fbdock/fbdock/hcl"
	"github.com/fbdock/fbdock/provision"
)

// explainSwarm names the setting that a failed `docker swarm init` or `join`
// needs. dockerd refuses both while it has live-restore, "--live-restore daemon
// configuration is incompatible with swarm mode", and the key that is meant is
// one that fbdock has set.
func (r Runner) explainSwarm(args []string) {
	at := slices.Index(args, "swarm")
	if at < 0 || at+1 >= len(args) || args[at+1] != "init" && args[at+1] != "join" || !provision.LiveRestore(r.Plan) {
		return
	}
	r.Progress.Warn("swarm mode needs dockerd without live-restore, by which containers run on while `fbdock up` restarts dockerd: " +
		"add `engine { daemon = { \"live-restore\" = false } }` to machine " + r.Plan.Name + " in " + hcl.FileName + " and run `fbdock up`")
}
