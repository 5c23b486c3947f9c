package dockerflags

import "strings"

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
			if name := secretVariable(Fields(v.Text)); name != "" {
				names = append(names, name)
			}
		}
	}
	return names
}

// secretVariable is the variable that a secret may be, "" for a file.
func secretVariable(f FieldList) string {
	file := f.Get("src", "source")
	switch {
	case f.Get("env") != "":
		return f.Get("env")
	case file == "":
		return f.Get("id")
	case f.Get("type") == "env":
		return file
	}
	return ""
}
