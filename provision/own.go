package provision

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/fbdock/fbdock/internal/plan"
	"github.com/fbdock/fbdock/provision/contract"
)

//go:embed survey/survey.sh
var surveyScript string

// surveyHead stands before the survey: it brings no lib.sh, which keeps a log.
const surveyHead = `PATH=/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin
LC_ALL=C
export PATH LC_ALL
etc=` + contract.Etc + "\n"

// Survey is a script for root of a computer of the user's own: it says what
// is there and what m would change, and changes nothing itself.
func Survey(m plan.Machine) ([]byte, error) {
	pairs, err := machineValues(m)
	if err != nil {
		return nil, fmt.Errorf("machine %s: %w", m.Name, err)
	}
	var out env
	for _, kv := range append(pairs, [2]string{"FBDOCK_ARCHITECTURE", m.Engine.Image.Architecture}) {
		out.set(kv[0], kv[1])
	}
	values, err := out.bytes()
	if err != nil {
		return nil, fmt.Errorf("machine %s: %w", m.Name, err)
	}
	script := slices.Concat(values, []byte(surveyHead))
	for _, shared := range []string{"guest/pf.sh", "guest/pool.sh"} {
		text, err := static.ReadFile(shared)
		if err != nil {
			return nil, err
		}
		script = append(script, text...)
	}
	return append(script, surveyScript...), nil
}

// UninstallCommand is what root runs on a computer of the user's own to take
// away what fbdock has made there. What a run leaves that ended before there
// was anything to uninstall with is removed here.
func UninstallCommand(instance string) (string, error) {
	word, err := quote(instance)
	if err != nil {
		return "", err
	}
	return strings.NewReplacer("@INSTANCE@", word, "@DIR@", contract.Libexec, "@ETC@", contract.Etc,
		"@STATE@", contract.State, "@UNDO@", contract.Undo, "@INCOMING@", contract.Incoming, "@IMAGES@", contract.Images).Replace(`d=@DIR@
if [ -e $d/fbdock-uninstall ] && [ -e @ETC@/fbdock.env ]; then exec sh $d/fbdock-uninstall @INSTANCE@; fi
if [ -e @UNDO@ ]; then
  echo "fbdock-step uninstall fail @DIR@ or @ETC@ is gone | hint: run fbdock up, which puts it back, then fbdock destroy"
  exit 1
fi
rm -rf $d @INCOMING@ @IMAGES@ && { [ ! -d @STATE@ ] || rmdir @STATE@; }`), nil
}
