using System.Text.Json.Nodes;
using LightReasoner.DevCluster.Errors;
using LightReasoner.DevCluster.Json;
using LightReasoner.DevCluster.Rest;
using LightReasoner.DevCluster.Storage;

namespace LightReasoner.DevCluster.Patch;

internal sealed class ServerSideApply(ObjectWriter writer, ApiRequest request)
{
    public (StoredObject Object, bool Created) Apply(byte[] bytes)
    {
        var o = Body.Parse(bytes, yaml: true, request.Type.Kind).Object;
        var type = request.Type;
        Decoder.Shape(type, o);
        if (writer.Store.Get(type.StorageName, request.Namespace, request.Name) is null)
            return (writer.Create(type, request.Namespace, o, new WriteOptions(request.FieldManager, request.DryRun)), true);
        return (writer.Update(type, request.Namespace, request.Name, request.Subresource, old =>
            StrategicMergePatch.Apply(old, o, type.Schema), new WriteOptions(request.FieldManager, request.DryRun)), false);
    }
}
