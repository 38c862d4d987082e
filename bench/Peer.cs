using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace LightReasoner.Bench;

/// <summary>One of the two programs, as a process that answers requests.</summary>
internal sealed class Peer : IDisposable
{
    private readonly Process _process;

    private Peer(Process process, string description) => (_process, Description) = (process, description);

    /// <summary>What runs there.</summary>
    public string Description { get; }

    /// <summary>The reference, in Debian's Python.</summary>
    public static Peer Reference(string root, string folder, int threads) =>
        Start("/usr/bin/python3", [Path.Combine(root, "bench/reference/serve.py"), folder, threads.ToString(CultureInfo.InvariantCulture)], threads);

    /// <summary>Ours.</summary>
    public static Peer Worker(string folder, int threads) =>
        Start(Environment.ProcessPath!, [typeof(Peer).Assembly.Location, "serve", folder, threads.ToString(CultureInfo.InvariantCulture)], threads);

    public (double Seconds, JsonNode Result, JsonObject? Figures) Run(string name, JsonObject? part = null)
    {
        _process.StandardInput.WriteLine(new JsonObject { ["case"] = name, ["part"] = part }.ToJsonString());
        _process.StandardInput.Flush();
        var answer = Read(_process);
        return ((double)answer["seconds"]!, answer["result"]!.DeepClone(), answer["figures"]?.DeepClone().AsObject());
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static Peer Start(string program, string[] arguments, int threads)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true };
        // The same threads and the same matrix kernels for both: the worker picks the latter by itself, Python would not.
        foreach (var variable in (string[])["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"])
            start.Environment[variable] = threads.ToString(CultureInfo.InvariantCulture);
        start.Environment["OPENBLAS_CORETYPE"] = Kernels.CoreType;
        // Idle threads sleep, as the worker has them by itself: with two threads that makes the reference up to four times as fast.
        start.Environment["OMP_WAIT_POLICY"] = "passive";
        start.Environment["OPENBLAS_THREAD_TIMEOUT"] = "4";
        var process = Process.Start(start)!;
        return new Peer(process, (string)Read(process)["ready"]!);
    }

    private static JsonNode Read(Process process) => JsonNode.Parse(process.StandardOutput.ReadLine()
        ?? throw new InvalidOperationException($"{process.StartInfo.FileName} ended without an answer; its error output is above"))!;
}
