using System.Diagnostics;
using System.Globalization;
using Amazon.S3;
using LightReasoner.Worker.Runs;

[assembly: AssemblyFixture(typeof(LightReasoner.Worker.Tests.Storage.Radosgw))]

namespace LightReasoner.Worker.Tests.Storage;

/// <summary>A real S3 server (Ceph's radosgw), started by the first test that asks for it and ended with the tests.</summary>
public sealed class Radosgw : IDisposable
{
    public const string AccessKey = "test-access-key", SecretKey = "test-secret-key";

    private static readonly string[] Programs = ["ceph", "ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "curl"];

    private readonly Lock _lock = new();
    private ScratchFolder? _folder;
    private Uri? _address;

    /// <summary>Where it listens. Skips the test where it is not installed.</summary>
    public Uri Address
    {
        get
        {
            lock (_lock) return _address ??= Start();
        }
    }

    /// <summary>The variables by which a process reaches an address that leads here.</summary>
    public static Dictionary<string, string> Variables(Uri address) => new()
    {
        ["AWS_ACCESS_KEY_ID"] = AccessKey,
        ["AWS_SECRET_ACCESS_KEY"] = SecretKey,
        ["AWS_REGION"] = "us-east-1",
        ["AWS_ENDPOINT_URL"] = address.ToString(),
    };

    /// <summary>A new bucket, which <c>s3://NAME</c> leads to in this process.</summary>
    public string NewBucket()
    {
        foreach (var (name, value) in Variables(Address)) Environment.SetEnvironmentVariable(name, value);
        var bucket = $"test-{Guid.NewGuid():N}";
        using var s3 = new AmazonS3Client(AccessKey, SecretKey,
            new AmazonS3Config
            {
                ServiceURL = Address.ToString(),
                ForcePathStyle = true,
                RequestChecksumCalculation = Amazon.Runtime.RequestChecksumCalculation.WHEN_REQUIRED
            });
        s3.PutBucketAsync(bucket).GetAwaiter().GetResult();
        return bucket;
    }

    public void Dispose()
    {
        if (_folder is null) return;
        var run = Directory.CreateDirectory(Path.Combine(_folder.Path, "run")).FullName;
        foreach (var file in Directory.GetFiles(run, "*.pid"))
        {
            try
            {
                using var process = Process.GetProcessById(int.Parse(File.ReadAllText(file), CultureInfo.InvariantCulture));
                process.Kill();
                process.WaitForExit();
            }
            catch (ArgumentException)
            {
                // It has ended already.
            }
        }
        _folder.Dispose();
        _folder = null;
    }

    private Uri Start()
    {
        var path = Environment.GetEnvironmentVariable("PATH")!.Split(':');
        if (Programs.FirstOrDefault(program => !path.Any(folder => File.Exists(Path.Combine(folder, program)))) is { } missing)
            Assert.Skip($"{missing} of Ceph is not installed; eng/install-tools.sh test installs it");
        for (int attempt = 1; ; attempt++)
        {
            _folder = new ScratchFolder();
            var (monitor, gateway) = (LoopbackServer.ClosedPort(), LoopbackServer.ClosedPort());
            var start = new ProcessStartInfo("bash", [RepositoryFolder.Of("tests", "Worker.Tests", "Storage", "radosgw.sh"), _folder.Path,
                $"{monitor}", $"{gateway}"]);
            (start.Environment["ACCESS_KEY"], start.Environment["SECRET_KEY"]) = (AccessKey, SecretKey);
            using var process = Process.Start(start)!;
            process.WaitForExit();
            if (process.ExitCode == 0) return new Uri($"http://127.0.0.1:{gateway}/");
            var log = File.ReadAllText(Path.Combine(_folder.Path, "start.log"));
            Dispose();
            // A port may have been taken since it was found free.
            if (attempt == 3) throw new InvalidOperationException(log);
        }
    }
}
