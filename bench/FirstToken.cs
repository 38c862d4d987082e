using System.Diagnostics;

namespace LightReasoner.Bench;

/// <summary>From the start of the worker's process to its first token.</summary>
internal static class FirstToken
{
    /// <summary>Seconds that it may take with a model of 60M parameters.</summary>
    public const double Target = 2;

    public static double Seconds(string folder)
    {
        var program = Path.Combine(RepositoryFolder.Path, "worker/bin/Release/net10.0/LightReasoner.Worker.dll");
        var start = new ProcessStartInfo(Environment.ProcessPath!, [program, "generate", "--model", Path.Combine(folder, "expert"), "--max-new-tokens", "1"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        var begun = Stopwatch.GetTimestamp();
        using var process = Process.Start(start)!;
        process.StandardInput.WriteLine("""{"prompt":"How many?"}""");
        process.StandardInput.Close();
        _ = process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("the worker gave no answer; its error output is above");
        var seconds = Stopwatch.GetElapsedTime(begun).TotalSeconds;
        process.WaitForExit();
        return seconds;
    }
}
