using System.Diagnostics;
using System.Text.RegularExpressions;
using Azure.Storage.Blobs;
using LightReasoner.Worker.Storage;

[assembly: AssemblyFixture(typeof(LightReasoner.Worker.Tests.Storage.Azurite))]

namespace LightReasoner.Worker.Tests.Storage;

/// <summary>A real Azurite (Microsoft's storage emulator), started by the first test that asks for it and ended with the tests.</summary>
public sealed partial class Azurite : IDisposable
{
    /// <summary>The account that every Azurite has; its key is published.</summary>
    public const string Account = "devstoreaccount1", Key =
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    private readonly Lock _lock = new();
    private Process? _process;
    private Uri? _address;

    /// <summary>Where it listens. Skips the test where Azurite is not installed.</summary>
    public Uri Address
    {
        get
        {
            lock (_lock) return _address ??= Start();
        }
    }

    public string Endpoint => $"{Address}{Account}";

    public string ConnectionString => ConnectionTo(Address);

    /// <summary>The connection string for an address that leads here.</summary>
    public static string ConnectionTo(Uri address) =>
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint={address}{Account}";

    /// <summary>The variables by which a process reaches an address that leads here.</summary>
    public static Dictionary<string, string> Variables(Uri address) =>
        new() { ["AZURE_STORAGE_CONNECTION_STRING"] = ConnectionTo(address) };

    /// <summary>A new container, which <c>az://NAME</c> leads to in this process.</summary>
    public string NewContainer()
    {
        Environment.SetEnvironmentVariable("AZURE_STORAGE_CONNECTION_STRING", ConnectionString);
        var name = $"test-{Guid.NewGuid():N}";
        new BlobContainerClient(ConnectionString, name).Create();
        return name;
    }

    /// <summary>A store in a new container.</summary>
    public IBlobStore NewStore() => BlobUri.Open($"az://{NewContainer()}/some/folder");

    public void Dispose()
    {
        if (_process is null) return;
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }

    private Uri Start()
    {
        (_process, Uri address) = Launch();
        return address;
    }

    /// <summary>Starts one more.</summary>
    /// <param name="options">Options beyond the usual ones.</param>
    internal static (Process Process, Uri Address) Launch(params string[] options)
    {
        var main = RepositoryFolder.Of(".cache", "azurite", "node_modules", "azurite", "dist", "src", "blob", "main.js");
        if (!File.Exists(main)) Assert.Skip("Azurite is not installed; eng/install-tools.sh test installs it");
        var process = Process.Start(new ProcessStartInfo("node",
            [main, "--silent", "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--blobPort", "0", .. options])
        {
            RedirectStandardOutput = true,
            WorkingDirectory = Path.GetTempPath(),
        })!;
        while (process.StandardOutput.ReadLine() is { } line)
        {
            if (Listening().Match(line) is not { Success: true } match) continue;
            _ = process.StandardOutput.ReadToEndAsync();
            return (process, new Uri(match.Value + "/"));
        }
        throw new InvalidOperationException("Azurite ended before it listened.");
    }

    [GeneratedRegex(@"https?://127\.0\.0\.1:\d+")]
    private static partial Regex Listening();
}
