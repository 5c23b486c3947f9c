package dockerflags

import (
	"encoding/csv"
	"strings"
)

// Variables are the names of the variables of the environment whose values
// the command line asks for: -e NAME, --build-arg NAME, --secret id=x,env=NAME.
// A secret with an id alone is the variable of that name, where there is one
// (docker/buildx, util/buildflags/secrets.go).
func (l Line) Variables() []string {
	var names []string
	for _, v := range l.Values {
		switch v.Kind {
		case Env:
			if !strings.Contains(v.Text, "=") {
				names = append(names, v.Text)
			}
		case Secret:
			f := Fields(v.Text)
			switch {
			case f["env"] != "":
				names = append(names, f["env"])
			case f["src"] == "" && f["source"] == "":
				names = append(names, f["id"])
			case f["type"] == "env":
				names = append(names, f["src"]+f["source"])
			}
		}
	}
	return names
}

// Fields are the values of KEY=VALUE,KEY=VALUE by their keys in small letters,
// as docker reads --mount, --secret and --output. It is nil for what is not
// written so, and docker says what is wrong with it.
func Fields(text string) map[string]string {
	words, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return nil
	}
	fields := map[string]string{}
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		fields[strings.ToLower(strings.TrimSpace(key))] = value
	}
	return fields
}
