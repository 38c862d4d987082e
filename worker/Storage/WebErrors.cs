using System.Net;
using LightReasoner.Worker.Runs;

namespace LightReasoner.Worker.Storage;

/// <summary>Final answers of web servers as errors with a remedy.</summary>
internal static class WebErrors
{
    public static Exception Explain(WebRequest request, HttpResponseMessage response)
    {
        // The hub says in this header what it means by a status.
        string said = response.Headers.TryGetValues("X-Error-Message", out IEnumerable<string>? values) ? $" ({string.Join(' ', values)})" : "";
        return response.StatusCode switch
        {
            HttpStatusCode.NotFound or HttpStatusCode.Gone => new FileNotFoundException($"{request.Shown}: there is no such file{said}", request.Shown),
            HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden => new WorkerException(ExitCode.NoPermission, $"{request.Shown}: {(int)response.StatusCode}{said}; "
                + (request.Token is null ? "does it exist? A private or gated repository needs HF_TOKEN (spec.storage.secretRef)" : "the token in HF_TOKEN gives no access to it")),
            var status => new WorkerException(ExitCode.Failure, $"{request.Shown}: answered {(int)status} {response.ReasonPhrase}{said}"),
        };
    }
}
