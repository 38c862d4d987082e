namespace LightReasoner.Worker;

/// <summary>Exit codes, by sysexits.h where it has one. A Job never tries 64 to 78 again; everything else it does.</summary>
public enum ExitCode
{
    /// <summary>Done.</summary>
    Done = 0,

    /// <summary>Something failed that may go well the next time.</summary>
    Failure = 1,

    /// <summary>The command line, or what it asks for, is not supported (EX_USAGE).</summary>
    Usage = 64,

    /// <summary>Data does not have the form it should (EX_DATAERR).</summary>
    BadData = 65,

    /// <summary>An input is missing (EX_NOINPUT).</summary>
    MissingInput = 66,

    /// <summary>No permission to read or write (EX_NOPERM).</summary>
    NoPermission = 77,

    /// <summary>The manifest is wrong (EX_CONFIG).</summary>
    BadManifest = 78,

    /// <summary>Stopped by Ctrl-C (SIGINT) after saving what was done; go on later (128 + 2).</summary>
    Interrupted = 130,

    /// <summary>Stopped by SIGTERM after saving what was done; go on later (128 + 15).</summary>
    Terminated = 143,
}

/// <summary>An error for the person who reads it, with the exit code that tells the Job whether to try again.</summary>
internal sealed class WorkerException(ExitCode code, string message, Exception? inner = null) : Exception(message, inner)
{
    private const int ReadOnlyFileSystem = 30; // EROFS, on Linux and macOS

    public ExitCode Code { get; } = code;

    /// <summary>
    /// What is written on standard error: one sentence for what a person can do something about, files, network and memory included; the
    /// origin too where nobody foresaw the error, or where it is asked for.
    /// </summary>
    public static string TextOf(Exception error, bool verbose)
    {
        var cause = CauseOf(error);
        var foreseen = CodeOf(cause) != ExitCode.Failure
            || cause is WorkerException or IOException or HttpRequestException or System.Net.Sockets.SocketException or TimeoutException
            or OutOfMemoryException or System.Runtime.InteropServices.ExternalException or Storage.UnreachableHostException
            or Azure.RequestFailedException or Amazon.Runtime.AmazonServiceException;
        var text = $"error: {MessageOf(error)}";
        return Redactor.OfProcess.Redact(verbose || !foreseen ? $"{text}\n{error}" : text);
    }

    /// <summary>What an error says. Of an SDK's the first line: the others hold the headers of an answer.</summary>
    public static string MessageOf(Exception error)
    {
        var cause = CauseOf(error);
        return cause is Azure.RequestFailedException or Amazon.Runtime.AmazonServiceException ? cause.Message.Split('\n')[0]
            : cause.Message;
    }

    /// <summary>Of several tries the error of the last one; any other error itself.</summary>
    public static Exception CauseOf(Exception error) =>
        error is AggregateException { InnerExceptions: [.., var last] } ? CauseOf(last) : error;

    /// <summary>The exit code for any error, by its kind.</summary>
    public static ExitCode CodeOf(Exception error) => CauseOf(error) switch
    {
        WorkerException worker => worker.Code,
        ManifestException => ExitCode.BadManifest,
        OperationCanceledException => ExitCode.Terminated,
        FileNotFoundException or DirectoryNotFoundException => ExitCode.MissingInput,
        UnauthorizedAccessException or IOException { HResult: ReadOnlyFileSystem } => ExitCode.NoPermission,
        FormatException or InvalidDataException or JsonException => ExitCode.BadData,
        _ => ExitCode.Failure,
    };
}
