package dockerpaths

import (
	"github.com/fbdock/fbdock/internal/dockerflags"
	"github.com/fbdock/fbdock/internal/mount"
)

// The parts of Translate, each of which has a test of its own.
type (
	Compose    = composeLine
	ComposeRef = composeRef
)

var (
	BakeVariables    = bakeVariables
	Based            = based
	Binds            = binds
	ComposeBinds     = composeBinds
	ComposeOf        = composeOf
	ComposeRefs      = composeRefs
	ComposeVariables = composeVariables
	DotEnv           = dotEnv
	EnvFileVariables = envFileVariables
	ReadsFolder      = readsFolder
	Resolve          = resolve
	ResolveCompose   = resolveCompose
	ResolvePodman    = resolvePodman
)

func ResolveFiles(args []string, mounts []mount.Folder, host Host, dir string) (resolved []string, used []mount.Folder, outside []File) {
	return resolveFiles(args, files(dockerflags.ParseLine(args), host), mounts, host, dir)
}
