using System.Runtime.InteropServices;

namespace LightReasoner.DevCluster.Node;

/// <summary>Signals to process groups.</summary>
internal static class Signals
{
    public const int Kill = 9;
    public const int Terminate = 15;

    /// <summary>Sends a signal to the group that a process leads, or to the process while it leads none yet.</summary>
    public static void Send(int pid, int signal)
    {
        if (SystemKill(-pid, signal) != 0) _ = SystemKill(pid, signal);
    }

    /// <summary>Sends a signal to a group whose leader may be gone already.</summary>
    public static void SendToGroup(int pid, int signal) => _ = SystemKill(-pid, signal);

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static extern int SystemKill(int pid, int signal);
}
