package dockercli_test

import (
	"testing"

	"github.com/fbdock/fbdock/internal/dockercli"
)

// TestOwn: a guest gets the settings of the CLI, and neither secrets nor what
// names an engine, a socket or a folder of this host.
func TestOwn(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"DOCKER_DEFAULT_PLATFORM": true, "DOCKER_BUILDKIT": true, "COMPOSE_FILE": true, "COMPOSE_PROFILES": true, "COMPOSE_PROJECT_NAME": true,
		"BUILDKIT_PROGRESS": true, "BUILDX_NO_DEFAULT_LOAD": true, "NO_COLOR": true, "TZ": true, "SOURCE_DATE_EPOCH": true,

		"DOCKER_AUTH_CONFIG": false, "DOCKER_CUSTOM_HEADERS": false, "DOCKER_PASSWORD": false, "DOCKER_TOKEN": false,
		"DOCKER_CONTENT_TRUST_ROOT_PASSPHRASE": false, "DOCKER_CONTENT_TRUST_REPOSITORY_PASSPHRASE": false,
		"BUILDX_BAKE_GIT_AUTH_TOKEN": false, "BUILDX_BAKE_GIT_AUTH_HEADER": false, "COMPOSE_DB_PASSWORD": false, "BUILDKIT_SECRET": false,

		"DOCKER_HOST": false, "DOCKER_CONTEXT": false, "DOCKER_TLS_VERIFY": false, "DOCKER_CERT_PATH": false, "BUILDKIT_HOST": false,
		"DOCKER_CONFIG": false, "BUILDX_CONFIG": false, "BUILDX_CPU_PROFILE": false, "BUILDX_BAKE_GIT_SSH": false,
		"DOCKER_CLI_PLUGIN_SOCKET": false, "DOCKER_CLI_PLUGIN_ORIGINAL_CLI_COMMAND": false, "DOCKER_CLI_PLUGIN_USE_DIAL_STDIO": false,
		"PATH": false, "HOME": false, "": false,
	} {
		if got := dockercli.Own(name); got != want {
			t.Errorf("Own(%q) = %v, want %v", name, got, want)
		}
	}
}
