# What this process may use, by its cgroup (version 2, else 1); no number where there is no limit.
gosweep_memory=
for gosweep_file in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
  if [ -r "$gosweep_file" ]; then
    gosweep_memory=$(cat "$gosweep_file")
    break
  fi
done
# Version 1 has a number of 19 digits where there is no limit.
case $gosweep_memory in
'' | max | *[!0-9]* | ????????????????*) gosweep_memory= ;;
esac
