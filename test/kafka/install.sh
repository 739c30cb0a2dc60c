#!/usr/bin/env bash
# Fetches what a Kafka broker for tests is made of, and prepares its quick start: a folder formatted once, which each
# broker copies, and an archive of loaded classes (2 s in place of 13). Needs Maven and Java 17 or newer.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
home=${SHRIKE_KAFKA:-${XDG_CACHE_HOME:-$HOME/.cache}/shrike/kafka-4.4.0}
if [ -f "$home/ready" ]; then exit 0; fi
mkdir -p "$home"

mvn -q -B -C -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$home/libs"
(cd "$home/libs" && sha256sum --quiet -c "$here/jars.sha256")

port=$((20000 + RANDOM % 10000))
properties=$home/format.properties
rm -rf "$home/formatted" "$home/trial"
cp "$here/server.properties" "$properties"
cat >>"$properties" <<PROPERTIES
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.quorum.voters=1@127.0.0.1:$((port + 1))
log.dirs=$home/formatted
PROPERTIES
java -cp "$home/libs/*" kafka.tools.StorageTool format -t AAAAAAAAAAAAAAAAAAAAAQ -c "$properties" >/dev/null

cp -r "$home/formatted" "$home/trial"
java -Xms192m -Xmx192m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ArchiveClassesAtExit="$home/classes.jsa" \
  -cp "$home/libs/*" kafka.Kafka "$properties" --override log.dirs="$home/trial" >/dev/null 2>&1 &
broker=$!
for _ in $(seq 100); do
  if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
  sleep 0.3
done
sleep 2
kill "$broker"
wait "$broker" || true
rm -rf "$home/trial" "$properties"
touch "$home/ready"
