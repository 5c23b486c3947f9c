package engine_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStartLate: what is started is what dockerd is to keep running and could
// not start for want of the folder, and nothing else.
func TestStartLate(t *testing.T) {
	t.Parallel()
	ca := newAuthority(t)
	d := startDaemon(t, ca)
	const unmounted = `error while creating mount source path '/home/u/proj/n': mkdir /home/u/proj: file exists`
	inspected := map[string][3]string{ // policy, state, error
		"waits":   {"always", "exited", unmounted},
		"asks":    {"unless-stopped", "created", `error mounting \"/home/u/proj\" to rootfs at \"/src\": invalid argument`},
		"broken":  {"always", "exited", unmounted},
		"once":    {"no", "exited", unmounted},
		"stopped": {"unless-stopped", "exited", ""},
		"other":   {"always", "exited", "port is already allocated"},
	}
	d.answers = map[string]http.HandlerFunc{}
	var list []string
	var started []string
	for name, c := range inspected {
		list = append(list, fmt.Sprintf(`{"Id":%q,"Names":["/%s"],"State":%q,"Mounts":[{"Type":"bind","Source":"/home/u/proj/n"}]}`, name, name, c[1]))
		d.answers["containers/"+name+"/json"] = answer(fmt.Sprintf(
			`{"Id":%q,"State":{"Status":%q,"Running":false,"Error":"%s"},"HostConfig":{"RestartPolicy":{"Name":%q}}}`, name, c[1], c[2], c[0]))
		d.answers["containers/"+name+"/start"] = func(w http.ResponseWriter, r *http.Request) {
			started = append(started, r.Method+" "+name)
			if name == "broken" {
				http.Error(w, `{"message":"no"}`, http.StatusInternalServerError)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		}
	}
	list = append(list, `{"Id":"near","Names":["/near"],"State":"exited","Mounts":[{"Type":"bind","Source":"/home/u/project"},{"Type":"volume","Source":"/home/u/proj"}]}`)
	d.answers["containers/json"] = answer("[" + strings.Join(list, ",") + "]")
	c := newClient(t, d.dial, keysOf(t, ca, ca))
	names, failed, err := c.StartLate(t.Context(), []string{"/srv/else", "/home/u/proj"})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	slices.Sort(started)
	if diff := cmp.Diff([]string{"asks", "waits"}, names); diff != "" {
		t.Errorf("StartLate(): started containers differ (-want +got):\n%s", diff)
	}
	if len(failed) != 1 || !strings.Contains(fmt.Sprint(failed["broken"]), "no") {
		t.Errorf("StartLate(): failed = %v, want only broken with the daemon's message", failed)
	}
	if diff := cmp.Diff([]string{"POST asks", "POST broken", "POST waits"}, started); diff != "" {
		t.Errorf("StartLate(): requests to dockerd differ (-want +got):\n%s", diff)
	}
}

func answer(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, text)
	}
}
