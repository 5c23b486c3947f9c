package dockerflags_test

import (
	"strings"
	"testing"

	"github.com/fbdock/fbdock/internal/dockerflags"
)

// shown is a line as the tests write it: PATH, then values as KIND:TEXT.
func shown(l dockerflags.Line) string {
	words := []string{l.Path + ":"}
	if !l.Known {
		words[0] = "unknown:"
	}
	for _, v := range l.Values {
		if v.Kind != dockerflags.Text {
			words = append(words, string(v.Kind)+"="+v.Text)
		} else if v.Flag == "" {
			words = append(words, v.Text)
		}
	}
	return strings.Join(words, " ")
}

func TestParseLine(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ line, want string }{
		{"", ":"},
		{"--help", ":"},
		{"version", "version:"},
		{"run -it --rm -v /a:/b busybox sh -c -v", "run: bind=/a:/b busybox sh -c -v"},
		{"run -itv/a:/b -eFOO -e BAR=1 --env-file=x busybox", "run: bind=/a:/b env=FOO env=BAR=1 read=x busybox"},
		{"run -v=/a:/b -p 80:80 busybox", "run: bind=/a:/b busybox"},
		{"container run --name x -dv /a:/b busybox", "container run: bind=/a:/b busybox"},
		{"--context x -D run -- busybox -v x", "run: busybox -v x"},
		{"run --cidfile id busybox", "run: write=id busybox"},
		{"build . -t foo -f sub/Dockerfile", "build: builddir=. dockerfile=sub/Dockerfile"},
		{"image build --iidfile id .", "image build: write=id builddir=."},
		{"buildx build --secret id=a,src=b --output type=local,dest=o .", "buildx build: secret=id=a,src=b output=type=local,dest=o builddir=."},
		{"buildx b .", "buildx build: builddir=."},
		{"save -o x.tar img", "save: write=x.tar img"},
		{"image load -i x.tar", "image load: read=x.tar"},
		{"cp c:/a .", "cp: copy=c:/a copy=."},
		{"container ls -a", "container ls:"},
		{"container ps", "container ls:"},
		{"secret create s -", "secret create: s read=-"},
		{"compose -f a -f b --env-file e up -d web", "compose up: read=a read=b read=e web"},
		{"compose run -v ./a:/b web sh -v", "compose run: bind=./a:/b web sh -v"},
		{"compose exec -T web sh -e x", "compose exec: web sh -e x"},
		{"stack deploy -c - s", "stack deploy: read=- s"},
		{"scout cves x", "unknown:"},
		{"container nosuch x", "unknown:"},
		{"exec c ls -e", "exec: c ls -e"},
		{"top c -o pid", "top: c -o pid"},
		{"run --name", "run:"},
		{"run -e", "run:"},
		{"ps --nosuchflag -q", "ps:"},
	} {
		if got := shown(dockerflags.ParseLine(strings.Fields(tt.line))); got != tt.want {
			t.Errorf("ParseLine(%q) = %q, want %q", tt.line, got, tt.want)
		}
	}
}

func TestStreams(t *testing.T) {
	t.Parallel()
	const no, uses, needs = dockerflags.NoTerminal, dockerflags.UsesTerminal, dockerflags.NeedsTerminal
	for _, tt := range []struct {
		line     string
		stdin    bool
		terminal dockerflags.Terminal
	}{
		{"run busybox", false, no},
		{"run busybox -it", false, no},
		{"run -i busybox", true, no},
		{"run -t busybox", false, needs},
		{"run -it busybox", true, needs},
		{"run -it=false busybox", true, no},
		{"run --interactive=false --tty=0 busybox", false, no},
		{"run -a stdin busybox", true, no},
		{"run -dit busybox", true, needs},
		{"container run -it busybox", true, needs},
		{"run -it --help", false, no},
		{"exec -it c sh", true, needs},
		{"exec c sh -i", false, no},
		{"create -it busybox", false, no},
		{"start c", false, no},
		{"start -ai c", true, uses},
		{"attach c", true, uses},
		{"attach --no-stdin c", false, no},
		{"load", true, no},
		{"load -i f", false, no},
		{"load -i -", true, no},
		{"import -", true, no},
		{"import f", false, no},
		{"build .", false, no},
		{"build -", true, no},
		{"build -f - .", true, no},
		{"build . -f -", true, no},
		{"cp - c:/x", true, no},
		{"cp c:/x -", false, no},
		{"login", true, uses},
		{"login -u me --password-stdin", true, no},
		{"login -u me -p x", false, no},
		{"secret create s -", true, no},
		{"secret create s f", false, no},
		{"system prune", true, uses},
		{"system prune -f", false, no},
		{"compose -f - config", true, no},
		{"compose up", false, no},
		{"compose exec web sh", true, uses},
		{"compose exec -T web sh", true, no},
		{"compose exec -d web sh", false, no},
		{"compose run --rm web", true, uses},
		{"compose rm", true, uses},
		{"compose rm -f", false, no},
		{"ps", false, no},
		{"inspect nosuch", false, no},
		{"version", false, no},
		{"scout cves", true, no},
		{"", false, no},
	} {
		l := dockerflags.ParseLine(strings.Fields(tt.line))
		if l.Stdin() != tt.stdin || l.Terminal() != tt.terminal {
			t.Errorf("ParseLine(%q): stdin %v, terminal %v, want %v, %v", tt.line, l.Stdin(), l.Terminal(), tt.stdin, tt.terminal)
		}
	}
}

// TestPlaces: the text of each value stands where it is said to.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"run -v /a:/b -v/a:/b -v=/a:/b --volume /a:/b --volume=/a:/b -itv/a:/b busybox x y", "build -t x . --file=y",
	} {
		words := strings.Fields(line)
		for _, v := range dockerflags.ParseLine(words).Values {
			if got := words[v.Word][v.At:]; got != v.Text {
				t.Errorf("ParseLine(%q): place of %q in word %d has %q, want the same text", line, v.Text, v.Word, got)
			}
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add("run -itv /a:/b x")
	f.Add("compose -f - up --")
	f.Add("- -- -= --=")
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Split(line, " ")
		for _, v := range dockerflags.ParseLine(words).Values {
			if got := words[v.Word][v.At:]; got != v.Text {
				t.Fatalf("ParseLine(%q): %+v is at %q, want %q", line, v, got, v.Text)
			}
		}
	})
}
