#!/usr/bin/env bash
# Starts Ceph's S3 server on loopback in FOLDER: one monitor, one object store in memory, one gateway. radosgw.sh FOLDER MONITOR_PORT GATEWAY_PORT
# The process ids are left in FOLDER/run; the user's keys are ACCESS_KEY and SECRET_KEY of the environment.
set -euo pipefail
exec >"$1/start.log" 2>&1
folder=$1 monitor=127.0.0.1:$2 gateway=127.0.0.1:$3
cd "$folder"
mkdir -p mon osd rgw run
fsid=$(cat /proc/sys/kernel/random/uuid)
cat >ceph.conf <<EOF
[global]
fsid = $fsid
mon host = [v2:$monitor/0]
public addr = 127.0.0.1
ms bind ipv4 = true
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
auth allow insecure global id reclaim = false
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail warn = 1
mon data avail crit = 1
keyring = $folder/keyring
run dir = $folder/run
admin socket = $folder/run/\$name.asok
pid file = $folder/run/\$name.pid
log file = $folder/\$name.log
[mon.a]
mon data = $folder/mon
[osd.0]
osd data = $folder/osd
osd objectstore = memstore
memstore device bytes = 2147483648
osd class load list = *
osd class default list = *
osd op num shards = 1
osd op num threads per shard = 2
[client.rgw]
rgw frontends = beast endpoint=$gateway
rgw data = $folder/rgw
rgw thread pool size = 16
rgw enable usage log = false
rgw enable gc threads = false
rgw enable lc threads = false
rgw enable quota threads = false
rgw run sync thread = false
EOF
export CEPH_CONF=$folder/ceph.conf
wait_for() { for _ in $(seq 60); do "$@" >/dev/null 2>&1 && return; sleep 0.5; done; echo "not up: $*" >&2; exit 1; }

ceph-authtool --create-keyring keyring --gen-key -n mon. --cap mon 'allow *'
for name in client.admin client.rgw osd.0; do
    ceph-authtool keyring --gen-key -n $name --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
done
monmaptool --create --addv a "[v2:$monitor/0]" --fsid "$fsid" monmap
ceph-mon --mkfs -i a --monmap monmap --keyring keyring
ceph-mon -i a
wait_for ceph --connect-timeout 2 mon stat
id=$(cat /proc/sys/kernel/random/uuid)
ceph osd new "$id"
ceph-osd -i 0 --mkfs --osd-uuid "$id"
ceph-osd -i 0
wait_for bash -c 'ceph osd stat | grep -q "1 up"'
radosgw -n client.rgw
# By its own words: another program may have taken the port.
wait_for bash -c "curl -s http://$gateway | grep -q ListAllMyBucketsResult"
radosgw-admin user create --uid=test --display-name=test --access-key="$ACCESS_KEY" --secret-key="$SECRET_KEY"
