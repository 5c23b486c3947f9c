package dockercli

import (
	"slices"
	"strings"
)

// Env is the user's environment with the engine at host in place of what the
// CLI was to connect to. Everything else is as it was.
func Env(environ []string, host string) []string {
	env := slices.DeleteFunc(slices.Clone(environ), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return connection(name)
	})
	return append(env, "DOCKER_HOST="+host)
}

// connection tells whether a variable says which engine the CLI connects to.
func connection(name string) bool {
	name = upper(name)
	return name == "DOCKER_HOST" || name == "DOCKER_CONTEXT" || name == "DOCKER_CERT_PATH" || strings.HasPrefix(name, "DOCKER_TLS")
}

// settings are the variables that docker, compose and buildx read for
// themselves, of docker/cli 29, compose 5, buildx 0.38 and of those before
// them. A guest gets these and no other of the same prefix: who names a
// variable DOCKER_PASSWORD or COMPOSE_TOKEN has a secret in it, and it is none
// of the guest's unless the command names it. Left out are
//
//   - secrets: DOCKER_AUTH_CONFIG, DOCKER_CUSTOM_HEADERS, BUILDX_BAKE_GIT_AUTH_TOKEN,
//     BUILDX_BAKE_GIT_AUTH_HEADER, DOCKER_CONTENT_TRUST_*_PASSPHRASE
//   - engines, sockets, folders and programs of this host: those of connection,
//     BUILDKIT_HOST, BUILDX_BAKE_GIT_SSH, DOCKER_CONFIG, BUILDX_CONFIG, BUILDX_*_PROFILE,
//     DOCKER_CLI_PLUGIN_*
var settings = strings.Fields(`
	NO_COLOR SOURCE_DATE_EPOCH TZ

	DOCKER_API_VERSION DOCKER_BUILDKIT DOCKER_CLI_EXPERIMENTAL DOCKER_CLI_HINTS DOCKER_CONTENT_TRUST
	DOCKER_CONTENT_TRUST_SERVER DOCKER_DEFAULT_PLATFORM DOCKER_HIDE_LEGACY_COMMANDS

	COMPOSE_ANSI COMPOSE_BAKE COMPOSE_COMPATIBILITY COMPOSE_CONVERT_WINDOWS_PATHS COMPOSE_DISABLE_ENV_FILE
	COMPOSE_DOCKER_CLI_BUILD COMPOSE_ENV_FILES COMPOSE_EXPERIMENTAL COMPOSE_EXPERIMENTAL_GIT_REMOTE
	COMPOSE_EXPERIMENTAL_OCI_REMOTE COMPOSE_EXPERIMENTAL_WATCH_TAR COMPOSE_FILE COMPOSE_HTTP_TIMEOUT
	COMPOSE_IGNORE_ORPHANS COMPOSE_MENU COMPOSE_PARALLEL_LIMIT COMPOSE_PATH_SEPARATOR COMPOSE_PROFILES
	COMPOSE_PROGRESS COMPOSE_PROJECT_NAME COMPOSE_PROVIDER_MESSAGES COMPOSE_RELAY_IMAGE COMPOSE_REMOVE_ORPHANS
	COMPOSE_STATUS_STDOUT

	BUILDKIT_COLORS BUILDKIT_INLINE_CACHE BUILDKIT_MULTI_PLATFORM BUILDKIT_PROGRESS BUILDKIT_SYNTAX
	BUILDKIT_TTY_LOG_LINES

	BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP BUILDX_BAKE_ENTITLEMENTS_FS BUILDX_BAKE_FILE BUILDX_BAKE_FILE_RELATIVE_PATHS
	BUILDX_BAKE_FILE_SEPARATOR BUILDX_BAKE_GIT_ADVICE BUILDX_BAKE_PATH_SEPARATOR BUILDX_BUILDER BUILDX_DEFAULT_POLICY
	BUILDX_EXPERIMENTAL BUILDX_GIT_CHECK_DIRTY BUILDX_GIT_INFO BUILDX_GIT_LABELS BUILDX_METADATA_PROVENANCE
	BUILDX_METADATA_WARNINGS BUILDX_NO_DEFAULT_ATTESTATIONS BUILDX_NO_DEFAULT_LOAD BUILDX_NO_DEFAULT_OCI_ARTIFACT
	BUILDX_SEND_GIT_QUERY_AS_INPUT
`)

// Own tells whether a variable is one that the CLI and its plugins read for
// themselves, that holds no secret, and that does not name a folder or an
// engine of this host.
func Own(name string) bool { return slices.Contains(settings, upper(name)) }
