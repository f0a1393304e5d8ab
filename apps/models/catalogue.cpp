#include "models/catalogue.h"

#include <filesystem>

#include "base/process.h"

namespace vedette::models {
namespace {

constexpr std::string_view kApache = "Apache-2.0";
constexpr std::string_view kConverted = "converted by onnx-community on Hugging Face";

// Checksums are those that several users of the files report alike; none of the makers publishes one. AP: the makers' READMEs.
constexpr KnownModel kKnown[] = {
    {.name = "nanodet-g",
     .family = "NanoDet",
     .side = 416,
     .licence = kApache,
     .ap = 0.229,
     .file = "nanodet_g_416.onnx",
     .remark = "the default model",
     .export_command = "scripts/fetch-model"},
    {.name = "yolox-nano",
     .family = "YOLOX",
     .side = 416,
     .licence = kApache,
     .ap = 0.258,
     .file = "yolox_nano.onnx",
     .url = "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_nano.onnx",
     .bytes = 3'659'407,
     .sha256 = "c789161ed43c8269fcd4e67c67eeeb4e80c622da2eb296a20bc6007bd18a0b7d"},
    {.name = "yolox-tiny",
     .family = "YOLOX",
     .side = 416,
     .licence = kApache,
     .ap = 0.328,
     .file = "yolox_tiny.onnx",
     .url = "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_tiny.onnx",
     .bytes = 20'219'662,
     .sha256 = "427cc366d34e27ff7a03e2899b5e3671425c262ea2291f88bb942bc1cc70b0f7"},
    {.name = "yolox-s",
     .family = "YOLOX",
     .side = 640,
     .licence = kApache,
     .ap = 0.405,
     .file = "yolox_s.onnx",
     .url = "https://github.com/Megvii-BaseDetection/YOLOX/releases/download/0.1.1rc0/yolox_s.onnx",
     .bytes = 35'858'002,
     .sha256 = "c5c2d13e59ae883e6af3b45daea64af4833a4951c92d116ec270d9ddbe998063"},
    {.name = "d-fine-n",
     .family = "D-FINE",
     .side = 640,
     .licence = kApache,
     .ap = 0.428,
     .file = "dfine_n_coco.onnx",
     .url = "https://huggingface.co/onnx-community/dfine_n_coco-ONNX/resolve/380d2839c327efaf65dd0fe0c2c10ab7fadd5473/onnx/"
            "model.onnx",
     .bytes = 15'258'358,
     .sha256 = "0f684f409618ee8a822410e754a29caa817d1aa16283ce89cad936d0a48e2f35",
     .remark = kConverted,
     .export_command = "python tools/deployment/export_onnx.py -c configs/dfine/dfine_hgnetv2_n_coco.yml -r dfine_n_coco.pth"},
    {.name = "d-fine-s",
     .family = "D-FINE",
     .side = 640,
     .licence = kApache,
     .ap = 0.485,
     .file = "dfine_s_coco.onnx",
     .url = "https://huggingface.co/onnx-community/dfine_s_coco-ONNX/resolve/a3cf03147a9b86c78475139115c8ac142577352d/onnx/"
            "model.onnx",
     .bytes = 41'535'197,
     .sha256 = "cd8a49a945feda6d28c6304ae8ae85c2759ba1d78a5a83a22c5ce8db82ef7238",
     .remark = kConverted,
     .export_command = "python tools/deployment/export_onnx.py -c configs/dfine/dfine_hgnetv2_s_coco.yml -r dfine_s_coco.pth"},
    {.name = "d-fine-m",
     .family = "D-FINE",
     .side = 640,
     .licence = kApache,
     .ap = 0.523,
     .file = "dfine_m_coco.onnx",
     .url = "https://huggingface.co/onnx-community/dfine_m_coco-ONNX/resolve/main/onnx/model.onnx",
     .bytes = 78'624'257,
     .sha256 = "70aaa837978a06ba44ad17398c7079ae5a1a7b1a9032b5d7053981e1ada02d6b",
     .remark = kConverted,
     .export_command = "python tools/deployment/export_onnx.py -c configs/dfine/dfine_hgnetv2_m_coco.yml -r dfine_m_coco.pth"},
    {.name = "rt-detr-v2-s",
     .family = "RT-DETR v2",
     .side = 640,
     .licence = kApache,
     .ap = 0.481,
     .file = "rtdetr_v2_r18vd.onnx",
     .url = "https://huggingface.co/onnx-community/rtdetr_v2_r18vd-ONNX/resolve/936f90b6a476c6da4dfe053fc521af55285976ba/onnx/"
            "model.onnx",
     .bytes = 81'057'510,
     .sha256 = "583a236ac21c95a7fd94f284fc21485e42355bfef82c27011ba78fbc09ee87e2",
     .remark = kConverted,
     .export_command = "python tools/export_onnx.py -c configs/rtdetrv2/rtdetrv2_r18vd_120e_coco.yml -r "
                       "rtdetrv2_r18vd_120e_coco_rerun_48.1.pth"},
    {.name = "rf-detr-nano",
     .family = "RF-DETR",
     .side = 384,
     .licence = kApache,
     .ap = 0.484,
     .file = "rfdetr_nano.onnx",
     .url = "https://huggingface.co/onnx-community/rfdetr_nano-ONNX/resolve/eae21cee0687a91bcf9fa071605c48d7705d2d91/onnx/"
            "model.onnx",
     .bytes = 108'074'865,
     .sha256 = "9cbac6b11ce34a03034e4d5a24cfac5f18632fd6761d1311dd640232088d7fee",
     .remark = kConverted,
     .export_command = "pip install 'rfdetr[onnx]' && python -c 'from rfdetr import RFDETRNano; RFDETRNano().export()'"},
    {.name = "rf-detr-small",
     .family = "RF-DETR",
     .side = 512,
     .licence = kApache,
     .ap = 0.530,
     .file = "rfdetr_small.onnx",
     .url = "https://huggingface.co/onnx-community/rfdetr_small-ONNX/resolve/63463b68b200177d1fea7015f11f3cebb0ba4eeb/onnx/"
            "model.onnx",
     .bytes = 114'680'416,
     .sha256 = "121cc1476a7b69d865ca4bdc2bca59a3239020d227e4c3f35a811bef81aeb7f1",
     .remark = kConverted,
     .export_command = "pip install 'rfdetr[onnx]' && python -c 'from rfdetr import RFDETRSmall; RFDETRSmall().export()'"},
    {.name = "rf-detr-medium",
     .family = "RF-DETR",
     .side = 576,
     .licence = kApache,
     .ap = 0.547,
     .file = "rfdetr_medium.onnx",
     .url = "https://huggingface.co/onnx-community/rfdetr_medium-ONNX/resolve/main/onnx/model.onnx",
     .remark = kConverted,
     .export_command = "pip install 'rfdetr[onnx]' && python -c 'from rfdetr import RFDETRMedium; RFDETRMedium().export()'"},
    {.name = "deimv2-atto",
     .family = "DEIMv2",
     .side = 320,
     .licence = kApache,
     .ap = 0.238,
     .file = "deimv2_hgnetv2_atto_coco.onnx",
     .remark = "checkpoints only, from github.com/Intellindust-AI-Lab/DEIMv2",
     .export_command = "python tools/deployment/export_onnx.py -c configs/deimv2/deimv2_hgnetv2_atto_coco.yml -r model.pth"},
    {.name = "deimv2-n",
     .family = "DEIMv2",
     .side = 640,
     .licence = kApache,
     .ap = 0.430,
     .file = "deimv2_hgnetv2_n_coco.onnx",
     .remark = "checkpoints only, from github.com/Intellindust-AI-Lab/DEIMv2",
     .export_command = "python tools/deployment/export_onnx.py -c configs/deimv2/deimv2_hgnetv2_n_coco.yml -r model.pth"},
    {.name = "deimv2-s",
     .family = "DEIMv2",
     .side = 640,
     .licence = kApache,
     .ap = 0.509,
     .file = "deimv2_dinov3_s_coco.onnx",
     .remark = "checkpoints only, from github.com/Intellindust-AI-Lab/DEIMv2; the DINOv3 backbone has a licence of its own",
     .export_command = "python tools/deployment/export_onnx.py -c configs/deimv2/deimv2_dinov3_s_coco.yml -r model.pth"},
};

}  // namespace

std::span<const KnownModel> known_models() { return kKnown; }

const KnownModel* find_known(std::string_view name) {
  for (const KnownModel& model : kKnown)
    if (model.name == name) return &model;
  return nullptr;
}

std::string url_of(const KnownModel& model, const std::string& mirror) {
  if (mirror.empty()) return std::string(model.url);
  return mirror + (mirror.back() == '/' ? "" : "/") + std::string(model.file);
}

std::string models_dir() { return std::filesystem::path(data_dir() + "/models").lexically_normal().string(); }

}  // namespace vedette::models
