using System.Text;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Tests;

/// <summary>The worker's program in this process, from its arguments to its exit code.</summary>
internal static class WorkerProgram
{
    private static readonly AsyncLocal<TextWriter?> Output = new(), Errors = new();

    static WorkerProgram()
    {
        Console.SetOut(new Router(Output, Console.Out));
        Console.SetError(new Router(Errors, Console.Error));
    }

    /// <summary>Runs it; gives the exit code and what it wrote.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] args)
    {
        StringWriter output = new(), errors = new();
        Output.Value = TextWriter.Synchronized(output);
        Errors.Value = TextWriter.Synchronized(errors);
        var code = await Task.Run(() => (int)typeof(ExitCode).Assembly.EntryPoint!.Invoke(null, [args])!);
        return (code, output.ToString(), errors.ToString());
    }

    /// <summary>The console is one for all tests; each hears its own program.</summary>
    private sealed class Router(AsyncLocal<TextWriter?> own, TextWriter others) : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => (own.Value ?? others).Write(value);

        public override void Write(string? value) => (own.Value ?? others).Write(value);

        public override void Write(char[] buffer, int index, int count) => (own.Value ?? others).Write(buffer, index, count);
    }
}
