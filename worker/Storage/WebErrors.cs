using System.Net;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Storage;

/// <summary>Final answers of web servers as errors with a remedy.</summary>
internal static class WebErrors
{
    public static Exception Explain(WebRequest request, HttpResponseMessage response)
    {
        // The hub says in this header what it means by a status.
        var said = response.Headers.TryGetValues("X-Error-Message", out var values)
            ? $" ({string.Join(' ', values)})" : "";
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.Gone =>
                new FileNotFoundException($"{request.Shown}: there is no such file{said}", request.Shown),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden =>
                new WorkerException(ExitCode.NoPermission, $"{request.Shown}: {(int)response.StatusCode}{said}; {Remedy(request)}"),
            var status => new WorkerException(ExitCode.Failure, $"{request.Shown}: answered {(int)status} {response.ReasonPhrase}{said}"),
        };
    }

    private static string Remedy(WebRequest request) => (request.Shown.StartsWith(HubRepository.Scheme, StringComparison.Ordinal),
        request.Authorization) switch
    {
        (true, null) => "does it exist? A private or gated repository needs HF_TOKEN (spec.storage.secretRef)",
        (true, _) => "the token in HF_TOKEN gives no access to it",
        (_, null) => "a signed address may have expired; a server that asks for a password takes https://user:password@host/path",
        _ => "the user and password in the address give no access to it",
    };
}
