//go:build e2e

package e2e

var conformanceFiles = map[string]string{
	"d/a": "a\n", "d/sub/b": "b\n", "vars": "A=1\nNAMED\n", "labels": "x=y\n",
	"ctx/Dockerfile": "FROM busybox\nARG FOO\nCOPY f /f\nLABEL foo=$FOO\n", "ctx/f": "f\n", "ctx/.dockerignore": "ignored\n", "ctx/ignored/x": "x\n", "secret/Dockerfile": "FROM busybox\nRUN --mount=type=secret,id=s cat /run/secrets/s\n", "other/Dockerfile": "FROM busybox\nLABEL other=1\n",
	"compose.yaml": "services:\n  web:\n    image: busybox\n    command: sh -c 'echo started; exec sleep 1000'\n    environment: [LISTED, \"SET=${VALUE:-none}\"]\n    env_file: vars\n    volumes: [\"./d:/d\"]\n" +
		"  more:\n    image: busybox\n    profiles: [more]\n    command: echo ${HOME}\n",
	"two.yaml": "services:\n  two:\n    image: busybox\n    command: echo two\n",
}

const (
	none   = "free"
	moved  = "moved"
	beside = "same"
)

func dockerLines() []conformance {
	foo := []string{"FOO=b a'r", "NAMED=named"}
	return []conformance{
		{none, `$D version --format '{{.Client.Version}}'`, nil},
		{none, `$D info --format '{{.OSType}}'`, nil},
		{none, `$D run --rm busybox echo hello`, nil},
		{none, `$D run --rm busybox sh -c 'echo out; echo err >&2'`, nil},
		{none, `$D run --rm busybox sh -c 'exit 42'`, nil},
		{none, `$D run --rm busybox no-such-command`, nil},
		{none, `$D run --rm busybox /etc`, nil},
		{none, `$D run --no-such-flag busybox`, nil},
		{none, `printf '1\n2\n3\n' | while read n; do $D run --rm busybox echo got $n; done`, nil},
		{none, `echo in | $D run --rm -i busybox cat`, nil},
		{none, `$D run --rm -it busybox true </dev/null`, nil},
		{none, `script -qefc "$D run --rm -it busybox sh -c 'tty; echo test'" /dev/null </dev/null | tr -d '\r^@'`, nil},
		{none, `script -qefc "$D run --rm busybox tty" /dev/null </dev/null | tr -d '\r'`, nil},
		{none, `script -qefc "$D inspect nosuch 2>err.txt" /dev/null </dev/null; cat err.txt; rm err.txt`, nil},
		{none, `script -qefc "$D run --rm busybox echo x & wait" /dev/null </dev/null | tr -d '\r'`, nil},
		{none, `$D run --rm -e FOO -e UNSET -e B=2 busybox sh -c 'echo "$FOO"; echo "${UNSET-unset} $B"'`, foo},
		{none, `$D run --rm -e HOME busybox sh -c 'echo $HOME'`, nil},
		{none, `$D run --rm --env-file vars busybox sh -c 'echo $A $NAMED'`, foo},
		{none, `$D run --rm --env-file nosuch busybox true`, nil},
		{moved, `$D run --rm --env-file vars --label-file labels busybox sh -c 'echo $A'`, nil},
		{moved, `$D run --rm --env-file $PWD/vars busybox sh -c 'echo $A'`, nil},
		{none, `$D run --rm --cidfile id busybox true`, nil},
		{none, `$D run --rm --cidfile id busybox true; rm id`, nil},
		{none, `$D run --rm --cidfile no/such/id busybox true`, nil},
		{moved, `$D run --rm --cidfile $PWD/id busybox true; rm id`, nil},
		{moved, `$D run --rm -v $PWD/d:/x busybox sh -c 'cat /x/a; echo new >/x/new'; rm d/new`, nil},
		{none, `$D run -d --name $N-c busybox sh -c 'echo logged; exec sleep 1000'`, nil},
		{none, `$D ps --filter name=$N-c --format '{{.Names}} {{.Image}} {{.Ports}}'`, nil},
		{none, `$D inspect nosuch`, nil},
		{none, `$D inspect -f '{{.Name}} {{.State.Status}}' $N-c`, nil},
		{none, `$D logs $N-c`, nil},
		{none, `$D exec $N-c sh -c 'echo out; echo err >&2; exit 7'`, nil},
		{none, `echo in | $D exec -i $N-c cat`, nil},
		{none, `echo in | $D exec $N-c cat`, nil},
		{none, `$D exec -e FOO --env-file vars $N-c sh -c 'echo "$FOO $A"'`, foo},
		{none, `$D cp d/a $N-c:/tmp/f && $D exec $N-c cat /tmp/f`, nil},
		{none, `$D cp d $N-c:/tmp/copied && $D exec $N-c find /tmp/copied | sort`, nil},
		{none, `$D cp d/. $N-c:/tmp && $D exec $N-c find /tmp/sub | sort`, nil},
		{moved, `$D cp $PWD/d $N-c:/tmp/moved && $D exec $N-c find /tmp/moved | sort`, nil},
		{none, `$D cp link $N-c:/tmp/l && $D exec $N-c readlink /tmp/l; $D cp -L link $N-c:/tmp/m && $D exec $N-c cat /tmp/m`, nil},
		{none, `$D cp $N-c:/tmp/f . && $D cp $N-c:/tmp/f new && $D cp $N-c:/tmp/f vars2 && cat f new`, nil},
		{none, `$D cp $N-c:/tmp/copied out && $D cp $N-c:/tmp/copied out && find out | sort; rm -r out`, nil},
		{none, `$D cp $N-c:/tmp/copied/. out && find out | sort; rm -r out`, nil},
		{moved, `$D cp $N-c:/tmp/f $PWD/f && cat f && rm f`, nil},
		{none, `$D cp nosuch $N-c:/tmp`, nil},
		{none, `$D cp $N-c:/nosuch .`, nil},
		{none, `$D cp $N-c:/tmp/f no/such/f`, nil},
		{none, `$D cp $N-c:/tmp/f - | tar -tf -`, nil},
		{none, `$D save -o x.tar busybox && tar -tf x.tar | wc -l`, nil},
		{none, `$D save -o no/such/x.tar busybox`, nil},
		{none, `$D save -o y.tar nosuch`, nil},
		{none, `$D load -i x.tar; $D load <x.tar; rm x.tar`, nil},
		{none, `$D load -i nosuch.tar`, nil},
		{none, `$D export -o e.tar $N-c && tar -tf e.tar | grep -x etc/passwd`, nil},
		{none, `$D import e.tar $N-i:1 && $D import - $N-i:2 <e.tar; rm e.tar; $D image ls --format '{{.Repository}}:{{.Tag}}' $N-i | sort`, nil},
		{none, `$D build -q -t $N-b ctx`, nil},
		{none, `$D build -q --build-arg FOO -t $N-b ctx && $D inspect -f '{{.Config.Labels}}' $N-b`, foo},
		{none, `$D build -q --iidfile iid -f other/Dockerfile -t $N-b ctx; $D inspect -f '{{.Config.Labels}}' $N-b`, nil},
		{moved, `$D build -q -f $PWD/ctx/Dockerfile -t $N-b $PWD/ctx && $D run --rm $N-b cat /f`, nil},
		{moved, `$D build -q -t $N-b ctx && $D run --rm $N-b cat /f`, nil},
		{none, `$D build -q -t $N-b - <other/Dockerfile`, nil},
		{none, `tar -cf - -C ctx . | $D build -q -t $N-b -`, nil},
		{none, `$D build nosuch`, nil},
		{none, `DOCKER_BUILDKIT=1 $D build --progress plain --no-cache --secret id=s,src=vars -f secret/Dockerfile ctx 2>&1 | grep -o 'A=1$'`, nil},
		{none, `DOCKER_BUILDKIT=1 $D build --progress plain --no-cache --secret id=s,env=FOO -f secret/Dockerfile ctx 2>&1 | grep -o "b a'r$"`, foo},
		{none, `$D rename $N-c $N-d && $D stop -t 0 $N-d && $D start $N-d && $D rm -f $N-d`, nil},
		{none, `$D create --name $N-e busybox echo attached && $D start -a $N-e; $D rm $N-e`, nil},
		{none, `$D volume create $N-v && $D run --rm -v $N-v:/v busybox touch /v/x && $D volume rm $N-v`, nil},
		{none, `$D network create $N-n && $D network inspect -f '{{.Driver}}' $N-n && $D network rm $N-n`, nil},
		{none, `$D nosuchcommand`, nil},
	}
}

func composeLines() []conformance {
	env := []string{"VALUE=from the environment", "LISTED=listed", "NAMED=named"}
	return []conformance{
		{beside, `$D compose config`, env},
		{beside, `$D compose config`, []string{"COMPOSE_PROFILES=more"}},
		{beside, `$D compose config --services | sort`, []string{"COMPOSE_FILE=compose.yaml:two.yaml"}},
		{beside, `$D compose -f - config <two.yaml`, nil},
		{beside, `$D compose -f nosuch.yaml config`, nil},
		{beside, `$D compose up -d`, env},
		{beside, `$D compose ps --format '{{.Service}} {{.State}}'`, env},
		{beside, `$D compose exec -T web sh -c 'echo "$SET $LISTED $A $NAMED"; cat /d/a; exit 5'`, env},
		{beside, `echo in | $D compose exec -T web cat`, env},
		{beside, `$D compose logs --no-color --no-log-prefix`, env},
		{beside, `$D compose cp d/a web:/tmp/f && $D compose cp web:/tmp/f got && cat got`, env},
		{beside, `$D compose run --rm -e FOO web sh -c 'echo $FOO'`, append(env, "FOO=foo")},
		{beside, `$D compose -p $N-p -f two.yaml up --no-color`, nil},
		{beside, `$D compose ls --format json --filter name=$N-p -a -q`, nil},
		{beside, `$D compose -p $N-p -f two.yaml down`, nil},
		{beside, `$D compose down -t 0`, env},
	}
}
